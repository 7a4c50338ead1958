import { PortForError, quoted } from "../error.ts";
import { parsePort } from "../ports/port_range.ts";
import { type Association, nameProblem } from "../association.ts";

/**
 * Reads the file of the Python port-for, `/etc/port-for.conf`: the `[DEFAULT]`
 * section of an INI file as Python's configparser reads it. Names there are
 * lower-case and end at the first `=` or `:`, and `%(name)s` in a value refers
 * to another name's value.
 *
 * @param file The file's path, for messages.
 * @throws {PortForError} `FAILED`, listing every line that is not valid.
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
      `(fix it; nothing was imported)`,
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
  /**
   * The entry that an indented line continues, and that entry's indentation.
   */
  let open: { name?: string; indent: number } | undefined;
  for (const [index, raw] of linesOf(text).entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === "" || /^[#;]/.test(content)) continue;
    const indent = raw.length - raw.trimStart().length;
    if (open && indent > open.indent) {
      const before = values.get(open.name ?? "");
      const value = `${before?.value}\n${content}`;
      if (before) values.set(open.name!, { ...before, value });
      continue;
    }
    const header = /^\[(.+)\]/s.exec(content);
    if (header) {
      section = header[1]!;
      open = undefined;
      continue;
    }
    if (section === undefined) {
      problems.push(`line ${line}: it comes before any [section]`);
    }
    // The Python port-for never wrote other sections.
    open = { indent };
    if (section !== "DEFAULT") continue;
    const end = content.search(/[=:]/);
    const name = content.slice(0, Math.max(end, 0)).trimEnd().toLowerCase()
      .normalize();
    if (name === "") {
      problems.push(`line ${line}: it is not of the form NAME = PORT`);
    } else if (values.has(name)) {
      problems.push(`line ${line}: ${quoted(name)} is there twice`);
    } else {
      values.set(name, { value: content.slice(end + 1).trimStart(), line });
      open = { name, indent };
    }
  }
  return values;
}

function linesOf(text: string): string[] {
  return text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
}

/** The port in a value; `undefined` if it is not a port. */
function portOf(value: string, values: Values): number | undefined {
  try {
    const text = interpolated(value, values).trim();
    return parsePort(text.replace(/^0+(?=\d)/, ""));
  } catch {
    return undefined;
  }
}

/** A value with a port is never longer, nor needs more replacements. */
const LONGEST_VALUE = 1000;

/**
 * The value with `%(name)s` and `%%` replaced, ten deep as in configparser.
 *
 * @throws if it gets too long: a few values that refer to each other repeatedly
 * would take forever.
 */
function interpolated(value: string, values: Values): string {
  let left = LONGEST_VALUE;
  const replaced = (text: string, depth: number): string => {
    if (depth > 10) return text;
    return text.replace(/%(?:%|\(([^)]+)\)s)/g, (whole, name?: string) => {
      if (left-- === 0) throw new Error("it refers to too many others");
      if (name === undefined) return "%";
      const other = values.get(name.toLowerCase());
      return other ? replaced(other.value, depth + 1) : whole;
    });
  };
  if (value.length > LONGEST_VALUE) throw new Error("it is too long");
  return replaced(value, 0);
}
