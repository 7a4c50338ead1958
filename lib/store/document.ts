import { parse, TomlDate, TomlError } from "smol-toml";
import { PortForError, quoted } from "../error.ts";
import {
  isPort,
  MAX_PORT,
  parsePortRange,
  type PortRange,
} from "../ports/port_range.ts";
import { type PortSet, setOf } from "../ports/port_set.ts";
import { type Association, isExpired, portsOf } from "./association.ts";
import {
  inlineEntries,
  placeOf,
  type Span,
  type Statement,
  statementsOf,
} from "./toml_statements.ts";

/** The newest `version` of the store format that this program understands. */
export const FORMAT_VERSION = 1;

/** What the text of a store means. */
export interface Document {
  /** The text itself. */
  readonly text: string;
  /** The associations by name, in the text's order; unsound ones left out. */
  readonly associations: ReadonlyMap<string, Association>;
  /** What this site wants of ports that are chosen. */
  readonly policy: Policy;
  /** What is wrong with it; a document with problems is never written. */
  readonly problems: readonly Problem[];
}

/** The `[policy]` of a store; a call can override each part. */
export interface Policy {
  /** Choose only in this range. */
  readonly range?: PortRange | undefined;
  /** Do not choose one of these. */
  readonly exclude?: PortSet | undefined;
}

/** One thing that is wrong with the text of a store, and where. */
export interface Problem {
  /** What is wrong. */
  readonly message: string;
  /** The line, from 1. */
  readonly line: number;
  /** The column in UTF-16 units, from 1. */
  readonly column: number;
  /** The name that cannot be relied on because of it, if it is one. */
  readonly name?: string;
}

/** A text that is not TOML at all, or not text. */
export class NotTomlError extends Error {
  /** Where and why. */
  readonly problem: Problem;

  /** @param problem Where and why. */
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** An edit that would have changed more, or less, than was meant. */
export class EditError extends Error {}

const NEW_DOCUMENT = `\
# port-for: which name holds which port on this machine
version = 1
`;

type Toml = Record<string, unknown>;

/**
 * Reads the text of a store. `undefined`, a store that does not exist yet, and
 * an empty text have no associations.
 *
 * @throws {NotTomlError} where the text is not TOML.
 */
export function readDocument(text: string | undefined): Document {
  text ??= NEW_DOCUMENT;
  const toml = parseToml(text);
  const associations = new Map<string, Association>();
  const faults: Fault[] = [...versionFaults(toml)];
  if (toml.ports !== undefined && !isTable(toml.ports)) {
    faults.push({ path: ["ports"], message: '"ports" is not a table' });
  }
  for (const [name, value] of Object.entries(portsTable(toml))) {
    const association = readEntry(name, value);
    if (typeof association === "string") {
      faults.push({ path: ["ports", name], name, message: association });
    } else associations.set(name, association);
  }
  for (const fault of sharedPorts(associations)) faults.push(fault);
  const policy = readPolicy(toml.policy, faults);
  for (const { name } of faults) if (name) associations.delete(name);
  return { text, associations, policy, problems: located(text, faults) };
}

/**
 * The text of a document with some associations set and some taken away
 * (`undefined`); all else in it stays as it was.
 *
 * @throws {EditError} where the text is written in a way that cannot be edited
 * with certainty. The result is read again, and means just what was intended.
 */
export function editDocument(
  document: Document,
  changes: ReadonlyMap<string, Association | undefined>,
): string {
  const { text } = document;
  const statements = statementsOf(text);
  const edits: Edit[] = [];
  const added: string[] = [];
  const byName = Map.groupBy(statements, nameOf);
  for (const [name, association] of changes) {
    const own = byName.get(name) ?? [];
    const [entry] = own;
    const inPlace = own.length === 1 && entry!.kind === "key" &&
      entry!.path.length === 2;
    if (inPlace && association) {
      const foreign = foreignEntries(text, entry!.value);
      edits.push({ ...entry!.value, text: entryValue(association, foreign) });
    } else {
      for (const { lines } of own) edits.push({ ...lines, text: "" });
      if (association) {
        added.push(`${entryKey(name)} = ${entryValue(association)}`);
      }
    }
  }
  // The ports in one inline table: no line is an entry, so make them lines.
  const inline = statements.find((statement) =>
    statement.kind === "key" && statement.path.join() === "ports"
  );
  if (inline) {
    // A comment behind the table stays where it is.
    const rest = text.slice(inline.value.end, inline.lines.end);
    edits.push(
      rest.trim() === ""
        ? { ...inline.lines, text: "" }
        : { start: inline.start, end: inline.value.end, text: "" },
    );
    added.unshift(
      ...entriesOnOneLine(text, inline.value).filter((entry) =>
        !changes.has(statementsOf(entry)[0]!.path[0]!)
      ),
    );
  }
  if (added.length > 0) edits.push(insertion(text, statements, added));
  const edited = applied(text, edits);
  confirm(document, changes, edited);
  return edited;
}

/** What is wrong, before its place in the text is looked up. */
interface Fault {
  readonly path: readonly string[];
  readonly message: string;
  readonly name?: string;
}

function parseToml(text: string): Toml {
  try {
    return parse(text.replace(/^\ufeff/, ""), {
      integersAsBigInt: "asNeeded",
    });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ""] = error.message
      .replace(/^Invalid TOML document: /, "").split("\n");
    throw new NotTomlError({
      message: `not valid TOML: ${summary}`,
      line: error.line,
      column: error.column,
    });
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof TomlDate);
}

function portsTable(toml: Toml): Record<string, unknown> {
  return isTable(toml.ports) ? toml.ports : {};
}

function* versionFaults({ version }: Toml): Generator<Fault> {
  if (version === undefined || version === FORMAT_VERSION) return;
  yield {
    path: ["version"],
    message: typeof version === "number" && version > FORMAT_VERSION
      ? `version ${version} is newer than this port-for, which knows ` +
        `${FORMAT_VERSION} (use a newer port-for)`
      : `"version" is not ${FORMAT_VERSION}`,
  };
}

/** Reads the policy; what is wrong with it goes into `faults`. */
function readPolicy(value: unknown, faults: Fault[]): Policy {
  if (value === undefined) return {};
  if (!isTable(value)) {
    faults.push({ path: ["policy"], message: '"policy" is not a table' });
    return {};
  }
  const { range, exclude } = value;
  const read = <T>(key: string, make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof PortForError)) throw error;
      faults.push({ path: ["policy", key], message: error.message });
      return undefined;
    }
  };
  const parts = Array.isArray(exclude) ? exclude : [exclude];
  return {
    ...(range === undefined ? {} : {
      range: read("range", () => parsePortRange(`${range}`, "the range")),
    }),
    ...(exclude === undefined ? {} : {
      exclude: read("exclude", () =>
        setOf(
          parts.flatMap((part) => `${part}`.split(","))
            .map((part) => parsePortRange(part, "the exclusion")),
        )),
    }),
  };
}

/** Reads the value of one entry; a text says what is wrong with it. */
function readEntry(name: string, value: unknown): Association | string {
  const entry = isTable(value) ? value : { port: value };
  const { port, count = 1, expires, directory, reserved } = entry;
  const shown = quoted(name);
  if (!isPort(port)) {
    return `the port of ${shown} is not a whole number from 1 to ${MAX_PORT}`;
  }
  if (!isPort(count) || port + count - 1 > MAX_PORT) {
    return `the count of ${shown} is not a whole number from 1 to ` +
      `${MAX_PORT - port + 1}`;
  }
  if (expires !== undefined && !isMoment(expires)) {
    return `the expiry of ${shown} is not a date and time with an offset, ` +
      `such as 2026-12-01T00:00:00Z`;
  }
  if (directory !== undefined && typeof directory !== "string") {
    return `the directory of ${shown} is not a text`;
  }
  if (
    reserved !== undefined && reserved !== "kernel" && reserved !== "file"
  ) {
    return `what is reserved of ${shown} is neither "kernel" nor "file"`;
  }
  return {
    name,
    port,
    count,
    ...(expires === undefined ? {} : { expires }),
    ...(directory === undefined ? {} : { directory }),
    ...(reserved === undefined ? {} : { reserved }),
  };
}

function isMoment(value: unknown): value is TomlDate {
  return value instanceof TomlDate && !value.isLocal();
}

/** Associations that share a port: neither name can be relied on. */
function* sharedPorts(
  associations: ReadonlyMap<string, Association>,
): Generator<Fault> {
  const holders = new Map<number, string>();
  for (const association of associations.values()) {
    if (isExpired(association)) continue;
    const { first, last } = portsOf(association);
    const other = firstHolder(holders, first, last);
    if (other !== undefined) {
      const message = `port ${other.port} belongs to both ` +
        `${quoted(other.name)} and ${quoted(association.name)}`;
      for (const name of [association.name, other.name]) {
        yield { path: ["ports", name], name, message };
      }
    }
    for (let port = first; port <= last; port++) {
      holders.set(port, association.name);
    }
  }
}

function firstHolder(
  holders: ReadonlyMap<number, string>,
  first: number,
  last: number,
): { port: number; name: string } | undefined {
  for (let port = first; port <= last; port++) {
    const name = holders.get(port);
    if (name !== undefined) return { port, name };
  }
  return undefined;
}

/** Looks up where the faults are: only broken texts pay for that. */
function located(text: string, faults: readonly Fault[]): Problem[] {
  if (faults.length === 0) return [];
  const statements = statementsOf(text);
  return faults.map(({ path, message, name }) => {
    const place = statements.find((statement) =>
      path.every((part, index) =>
        statement.path[index] === part
      )
    ) ?? statements.find((statement) => statement.path[0] === path[0]);
    return {
      message,
      ...placeOf(text, place?.start ?? 0),
      ...(name === undefined ? {} : { name }),
    };
  }).sort((a, b) => a.line - b.line || a.column - b.column);
}

/** A part of a text, and what is to stand there instead. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function applied(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (
    const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
  ) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  return parts.join("") + text.slice(at);
}

/** The name that a statement is (a part of) the entry of. */
function nameOf({ path }: Statement): string | undefined {
  return path[0] === "ports" ? path[1] : undefined;
}

/** Where new entries go: behind the last one, or in a table of their own. */
function insertion(
  text: string,
  statements: readonly Statement[],
  entries: readonly string[],
): Edit {
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? "\n";
  const openLine = text !== "" && !text.endsWith("\n") ? lineEnd : "";
  const last = statements.findLast(({ kind, path, table }) =>
    table.join() === "ports" && table.length === 1 &&
    (kind === "table" || path[0] === "ports")
  );
  const lines = entries.map((entry) => entry + lineEnd).join("");
  if (last) {
    const at = last.lines.end;
    return {
      start: at,
      end: at,
      text: (at === text.length ? openLine : "") + lines,
    };
  }
  // Dotted entries at the root allow no [ports] header beside them.
  const dotted = statements.findLast(({ table, path }) =>
    table.length === 0 && path[0] === "ports" && path.length > 1
  );
  if (dotted) {
    const at = dotted.lines.end;
    const own = entries.map((entry) => `ports.${entry}${lineEnd}`).join("");
    return {
      start: at,
      end: at,
      text: (at === text.length ? openLine : "") + own,
    };
  }
  const gap = text === "" ? "" : lineEnd;
  return {
    start: text.length,
    end: text.length,
    text: `${openLine}${gap}[ports]${lineEnd}${lines}`,
  };
}

/** A name as a TOML key: bare where it can be. */
function entryKey(name: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return name;
  return tomlString(name);
}

/**
 * The value of an entry: the port alone where that says it all.
 *
 * @param foreign What else stands in the entry's table, as it is written there.
 */
function entryValue(
  { port, count, expires, directory, reserved }: Association,
  foreign: readonly string[] = [],
): string {
  const parts = [`port = ${port}`];
  if (count > 1) parts.push(`count = ${count}`);
  if (expires) parts.push(`expires = ${rfc3339(expires)}`);
  if (directory !== undefined) {
    parts.push(`directory = ${tomlString(directory)}`);
  }
  if (reserved) parts.push(`reserved = "${reserved}"`);
  parts.push(...foreign);
  return parts.length === 1 ? `${port}` : `{ ${parts.join(", ")} }`;
}

/** A text between double quotes, with what TOML wants escaped escaped. */
function tomlString(text: string): string {
  const escaped = text.replace(
    /["\\\p{Cc}]/gu,
    (character) =>
      character === '"' || character === "\\"
        ? `\\${character}`
        : `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

/**
 * The entries of an inline table, as they are written there.
 *
 * @throws {EditError} where it takes several lines: there may be comments
 * between them, which would be lost.
 */
function entriesOnOneLine(text: string, table: Span): string[] {
  if (text.slice(table.start, table.end).includes("\n")) {
    const { line } = placeOf(text, table.start);
    throw new EditError(`the table on line ${line} takes several lines`);
  }
  return inlineEntries(text, table);
}

/** The keys of an entry's table that are port-for's own. */
const OWN_KEYS = new Set(["port", "count", "expires", "directory", "reserved"]);

/** What a person wrote into the table of an entry. */
function foreignEntries(text: string, value: Span): string[] {
  if (text[value.start] !== "{") return [];
  return entriesOnOneLine(text, value).filter((entry) =>
    !OWN_KEYS.has(statementsOf(entry)[0]!.path[0]!)
  );
}

/** A moment to the second, as TOML writes it. */
function rfc3339(moment: Date): string {
  return moment.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Reads the edited text again: it must mean just what was intended. */
function confirm(
  document: Document,
  changes: ReadonlyMap<string, Association | undefined>,
  edited: string,
): void {
  let after: Toml;
  try {
    after = parseToml(edited);
  } catch (error) {
    throw new EditError((error as Error).message);
  }
  const before = parseToml(document.text);
  const changed = new Set(changes.keys());
  const same = sameExcept(before, after, new Set(["ports"])) &&
    sameExcept(portsTable(before), portsTable(after), changed);
  if (!same) throw new EditError("other keys would change");
  for (const [name, association] of changes) {
    const entry = ownValue(portsTable(after), name);
    const found = entry === undefined ? undefined : readEntry(name, entry);
    const foreignKept = !association ||
      sameForeign(ownValue(portsTable(before), name), entry);
    if (!sameAssociation(association, found) || !foreignKept) {
      throw new EditError(`the entry of ${quoted(name)} would be wrong`);
    }
  }
}

function ownValue(table: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function sameForeign(before: unknown, after: unknown): boolean {
  return !isTable(before) ||
    sameExcept(before, isTable(after) ? after : {}, OWN_KEYS);
}

function sameAssociation(
  wanted: Association | undefined,
  found: Association | string | undefined,
): boolean {
  if (wanted === undefined || found === undefined) return wanted === found;
  return typeof found !== "string" && found.port === wanted.port &&
    found.count === wanted.count && found.directory === wanted.directory &&
    found.reserved === wanted.reserved &&
    (found.expires && rfc3339(found.expires)) ===
      (wanted.expires && rfc3339(wanted.expires));
}

/** Whether two tables mean the same, `exceptions` aside. */
function sameExcept(
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  exceptions: ReadonlySet<string>,
): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    if (exceptions.has(key)) continue;
    if (!Object.hasOwn(a, key) || !Object.hasOwn(b, key)) return false;
    if (!sameMeaning(a[key], b[key])) return false;
  }
  return true;
}

function sameMeaning(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof TomlDate && b instanceof TomlDate) {
    return a.toISOString() === b.toISOString();
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((v, i) => sameMeaning(v, b[i]));
  }
  return isTable(a) && isTable(b) && sameExcept(a, b, new Set());
}
