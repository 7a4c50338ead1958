import { quoted } from "../error.ts";
import { TomlDate } from "smol-toml";
import type { Association } from "../association.ts";
import type { Changes } from "../place.ts";
import type { Document } from "./document.ts";
import { entryKey, entryValue, OWN_KEYS, readEntry, rfc3339 } from "./entry.ts";
import { isTable, type Meaning, readToml } from "./meaning.ts";
import {
  inlineEntries,
  placesIn,
  type Span,
  type Statement,
  statementsOf,
} from "./statements.ts";

/** An edit that would have changed more, or less, than was meant. */
export class EditError extends Error {}

/**
 * The text of a document with some associations set and some taken away
 * (`undefined`); all else in it stays as it was.
 *
 * @throws {EditError} where the text is written in a way that cannot be edited
 * with certainty. The result is read again, and means just what was intended.
 */
export function editDocument(
  document: Document,
  changes: Changes,
): string {
  const edited = onlyAdded(document.text, changes) ??
    changed(document.text, changes);
  confirm(document, changes, edited);
  return edited;
}

/**
 * The text with new lines behind its last entry, where it is in port-for's own
 * form and nothing else is to change; that is the most frequent change by far,
 * and needs to know of no other statement.
 */
function onlyAdded(text: string, changes: Changes): string | undefined {
  const { ports, end } = readToml(text);
  if (end === undefined) return undefined;
  const added: string[] = [];
  for (const [name, association] of changes) {
    if (!association || ports.has(name)) return undefined;
    added.push(entryLine(association));
  }
  return applied(text, [inserted(text, end, added)]);
}

function changed(text: string, changes: Changes): string {
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
        added.push(entryLine(association));
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
  return applied(text, edits);
}

function entryLine(association: Association): string {
  return `${entryKey(association.name)} = ${entryValue(association)}`;
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
  const last = statements.findLast(({ kind, path, table }) =>
    table.join() === "ports" && table.length === 1 &&
    (kind === "table" || path[0] === "ports")
  );
  if (last) return inserted(text, last.lines.end, entries);
  // Dotted entries at the root allow no [ports] header beside them.
  const dotted = statements.findLast(({ table, path }) =>
    table.length === 0 && path[0] === "ports" && path.length > 1
  );
  if (dotted) {
    const own = entries.map((entry) => `ports.${entry}`);
    return inserted(text, dotted.lines.end, own);
  }
  const gap = text === "" ? [] : [""];
  return inserted(text, text.length, [...gap, "[ports]", ...entries]);
}

/** New lines at a place where a line begins, or the text ends. */
function inserted(text: string, at: number, lines: readonly string[]): Edit {
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? "\n";
  const isOpen = at === text.length && text !== "" && !text.endsWith("\n");
  const all = lines.map((line) => line + lineEnd).join("");
  return { start: at, end: at, text: (isOpen ? lineEnd : "") + all };
}

/**
 * The entries of an inline table, as they are written there.
 *
 * @throws {EditError} where it takes several lines: there may be comments
 * between them, which would be lost.
 */
function entriesOnOneLine(text: string, table: Span): string[] {
  if (text.slice(table.start, table.end).includes("\n")) {
    const { line } = placesIn(text)(table.start);
    throw new EditError(`the table on line ${line} takes several lines`);
  }
  return inlineEntries(text, table);
}

/** What a person wrote into the table of an entry. */
function foreignEntries(text: string, value: Span): string[] {
  if (text[value.start] !== "{") return [];
  return entriesOnOneLine(text, value).filter((entry) =>
    !OWN_KEYS.has(statementsOf(entry)[0]!.path[0]!)
  );
}

/** Reads the edited text again: it must mean just what was intended. */
function confirm(
  document: Document,
  changes: Changes,
  edited: string,
): void {
  const before = readToml(document.text);
  let after: Meaning;
  try {
    after = readToml(edited);
  } catch (error) {
    throw new EditError((error as Error).message);
  }
  if (
    !sameExcept(before.rest, after.rest, NONE) ||
    !sameOthers(before.ports, after.ports, changes)
  ) throw new EditError("other keys would change");
  for (const [name, association] of changes) {
    const entry = after.ports.get(name);
    const found = entry === undefined ? undefined : readEntry(name, entry);
    const foreignKept = !association ||
      sameForeign(before.ports.get(name), entry);
    if (!sameAssociation(association, found) || !foreignKept) {
      throw new EditError(`the entry of ${quoted(name)} would be wrong`);
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Whether the entries that were not to change mean the same. */
function sameOthers(
  before: Meaning["ports"],
  after: Meaning["ports"],
  changes: Changes,
): boolean {
  let others = 0;
  for (const [name, value] of before) {
    if (changes.has(name)) continue;
    others++;
    if (!after.has(name) || !sameMeaning(value, after.get(name))) return false;
  }
  const changed = [...changes.keys()].filter((name) => after.has(name));
  return after.size === others + changed.length;
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
  const keysOf = (table: Record<string, unknown>) =>
    Object.keys(table).filter((key) => !exceptions.has(key));
  const keys = keysOf(a);
  return keys.length === keysOf(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameMeaning(a[key], b[key]));
}

function sameMeaning(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof TomlDate && b instanceof TomlDate) {
    return a.toISOString() === b.toISOString();
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((v, i) => sameMeaning(v, b[i]));
  }
  return isTable(a) && isTable(b) && sameExcept(a, b, NONE);
}
