import { PortForError, quoted } from "../error.ts";
import { parsePort } from "../ports/port_range.ts";
import { type Association, nameProblem } from "./association.ts";

/**
 * Reads the file of the Python port-for, `/etc/port-for.conf`: the `[DEFAULT]`
 * section of an INI file as Python's configparser reads it. Names there are
 * lower-case, end at the first `=` or `:`, and `%` in a value stands for the
 * value of another name.
 *
 * @param file The file's path, for messages.
 * @throws {PortForError} `FAILED` with every line that cannot be understood.
 */
export function readPythonConf(text: string, file: string): Association[] {
  const problems: string[] = [];
  const values = readDefaultSection(text, problems);
  const associations: Association[] = [];
  const holders = new Map<number, string>();
  for (const [name, { value, line }] of values) {
    const wrong = (why: string) => problems.push(`line ${line}: ${why}`);
    const badName = nameProblem(name);
    if (badName !== undefined) {
      wrong(`the name ${quoted(name)} is not valid: ${badName}`);
      continue;
    }
    const port = portOf(value, values);
    if (port === undefined) {
      wrong(`the port of ${quoted(name)}, ${quoted(value)}, is not a port`);
      continue;
    }
    const other = holders.get(port);
    if (other !== undefined) {
      wrong(
        `port ${port} belongs to both ${quoted(other)} and ${quoted(name)}`,
      );
    }
    holders.set(port, name);
    associations.push({ name, port, count: 1 });
  }
  if (problems.length === 0) return associations;
  throw new PortForError(
    "FAILED",
    `cannot import ${file}: ${problems.join("; ")} ` +
      `(mend it; nothing was imported)`,
  );
}

interface Value {
  readonly value: string;
  readonly line: number;
}

type Values = Map<string, Value>;

function readDefaultSection(text: string, problems: string[]): Values {
  const values: Values = new Map();
  let section: string | undefined;
  let open: string | undefined;
  for (
    const [index, raw] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()
  ) {
    const line = index + 1;
    const content = raw.trim();
    if (content === "" || /^[#;]/.test(content)) continue;
    const before = open === undefined ? undefined : values.get(open);
    // An indented line goes on with the value above it.
    if (/^\s/.test(raw) && before) {
      const value = `${before.value}\n${content}`;
      values.set(open!, { ...before, value });
      continue;
    }
    open = undefined;
    const header = /^\[(.+)\]/.exec(content);
    if (header) {
      section = header[1]!;
      continue;
    }
    if (section === undefined) {
      problems.push(`line ${line}: it stands before any [section]`);
    }
    // Other sections were never the Python port-for's.
    if (section !== "DEFAULT") continue;
    const entry = /^(.*?)\s*[=:]\s*(.*)$/.exec(content);
    const name = entry?.[1]?.toLowerCase() ?? "";
    if (!entry || name === "") {
      problems.push(`line ${line}: it is not of the form NAME = PORT`);
    } else if (values.has(name)) {
      problems.push(`line ${line}: ${quoted(name)} stands there twice`);
    } else {
      values.set(name, { value: entry[2]!, line });
      open = name;
    }
  }
  return values;
}

/** The port that a value says, with `%(name)s` and `%%` replaced. */
function portOf(value: string, values: Values, depth = 0): number | undefined {
  if (depth > 10) return undefined;
  const text = value.replace(
    /%(?:%|\(([^)]+)\)s)/g,
    (whole, name?: string) =>
      name === undefined ? "%" : String(
        portOf(
          values.get(name.toLowerCase())?.value ?? "",
          values,
          depth + 1,
        ) ?? whole,
      ),
  );
  try {
    return parsePort(text.trim());
  } catch {
    return undefined;
  }
}
