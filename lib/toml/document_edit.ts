import { quoted } from "../error.ts";
import { TomlDate } from "smol-toml";
import type { Association } from "../association.ts";
import type { Changes } from "../place.ts";
import type { Document } from "./document.ts";
import {
  entryLine,
  entryParts,
  entryValue,
  OWN_KEYS,
  readEntry,
  rfc3339,
} from "./entry.ts";
import { isTable, type Meaning, readToml } from "./meaning.ts";
import {
  inlineEntries,
  type InlineEntry,
  placesIn,
  type Span,
  type Statement,
  statementsOf,
} from "./statements.ts";

/** An edit that would not have made exactly the intended change. */
export class EditError extends Error {}

/**
 * The text of a document with some associations set and others (`undefined`)
 * removed. Everything else in it stays as it was.
 *
 * @throws {EditError} if the text has a form that cannot be edited safely. The
 * result is always parsed again and compared with what was intended.
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
 * A shortcut for by far the most frequent change: appends lines after the last
 * entry of a text in port-for's own form. `undefined` for any other text or
 * change.
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
  const byName = Map.groupBy(statements, nameOf);
  // All ports may be in one inline table instead of on lines of their own.
  const inline = statements.find((statement) =>
    statement.kind === "key" && statement.path.join() === "ports"
  );
  const inside = inline ? inlineEntries(text, inline.value) : [];
  const edits: Edit[] = [];
  const added: string[] = [];
  for (const [name, association] of changes) {
    const own = byName.get(name) ?? [];
    const entry = inside.find(({ path }) =>
      path.length === 1 && path[0] === name
    );
    if (association && own.length > 0) {
      edits.push(...entryEdits(text, own, association));
    } else if (association && entry) {
      edits.push(...valueEdits(text, entry.value, association));
    } else {
      for (const { lines } of own) edits.push({ ...lines, text: "" });
      if (association) added.push(entryLine(association));
    }
  }
  const takesFromInside = [...changes].some(([name, association]) =>
    !association && inside.some(({ path }) => path[0] === name)
  );
  if (inline && (added.length > 0 || takesFromInside)) {
    return outOfInline(text, statements, inline, changes);
  }
  if (added.length > 0) edits.push(insertion(text, statements, added));
  return applied(text, edits);
}

/**
 * Moves the entries of an inline table to lines of their own, with the changes.
 */
function outOfInline(
  text: string,
  statements: readonly Statement[],
  inline: Statement,
  changes: Changes,
): string {
  const kept = entriesOnOneLine(text, inline.value)
    .filter(({ path }) => !changes.has(path[0]!))
    .map((entry) => text.slice(entry.start, entry.value.end));
  const added = [...changes.values()]
    .flatMap((association) => association ? entryLine(association) : []);
  // A comment after the table stays where it is.
  const rest = text.slice(inline.value.end, inline.lines.end);
  const without = rest.trim() === ""
    ? { ...inline.lines, text: "" }
    : { start: inline.start, end: inline.value.end, text: "" };
  const lines = [...kept, ...added];
  return applied(text, [
    without,
    ...(lines.length > 0 ? [insertion(text, statements, lines)] : []),
  ]);
}

/** The edits that change an entry and keep its form. */
function entryEdits(
  text: string,
  own: readonly Statement[],
  association: Association,
): Edit[] {
  const [entry] = own;
  if (entry!.kind === "key" && entry!.path.length === 2) {
    return valueEdits(text, entry!.value, association);
  }
  // A table of its own, or dotted keys: one line for each part.
  const edits: Edit[] = [];
  const wanted = new Map(entryParts(association));
  for (const statement of own) {
    const [, , key = "", ...deeper] = statement.path;
    if (statement.kind === "table" || deeper.length > 0) continue;
    if (!OWN_KEYS.has(key)) continue;
    const value = wanted.get(key);
    wanted.delete(key);
    edits.push(
      value === undefined
        ? withoutStatement(text, statement)
        : { ...statement.value, text: value },
    );
  }
  return [...edits, ...insertedParts(text, own, wanted)];
}

/** The edits that change the value of an entry. */
function valueEdits(
  text: string,
  value: Span,
  association: Association,
): Edit[] {
  if (!text.slice(value.start, value.end).includes("\n")) {
    const foreign = foreignEntries(text, value);
    return [{ ...value, text: entryValue(association, foreign) }];
  }
  // An inline table over several lines may have comments in it.
  const edits: Edit[] = [];
  const wanted = new Map(entryParts(association));
  let last = value.start + 1;
  for (const entry of inlineEntries(text, value)) {
    const [key = "", ...deeper] = entry.path;
    if (deeper.length > 0 || !OWN_KEYS.has(key)) continue;
    const part = wanted.get(key);
    wanted.delete(key);
    if (part === undefined) edits.push(withoutEntry(text, entry));
    else {
      edits.push({ ...entry.value, text: part });
      last = entry.value.end;
    }
  }
  const more = [...wanted].map(([key, part]) => `, ${key} = ${part}`).join("");
  return more === ""
    ? edits
    : [...edits, { start: last, end: last, text: more }];
}

function withoutEntry(text: string, { start, value }: InlineEntry): Edit {
  const [comma = ""] = /^[ \t]*,[ \t]*/.exec(text.slice(value.end)) ?? [];
  return { start, end: value.end + comma.length, text: "" };
}

/** Removes a key and its value, but keeps a comment after them. */
function withoutStatement(
  text: string,
  { start, value, lines }: Statement,
): Edit {
  const rest = text.slice(value.end, lines.end);
  if (rest.trim() === "") return { ...lines, text: "" };
  return { start, end: lines.end, text: rest.trimStart() };
}

/** Adds parts to an entry of several lines, after the last one. */
function insertedParts(
  text: string,
  own: readonly Statement[],
  parts: ReadonlyMap<string, string>,
): Edit[] {
  const last = own.findLast(({ path, kind }) =>
    path.length === (kind === "table" ? 2 : 3)
  );
  if (!last || parts.size === 0) return [];
  const before = last.kind === "table"
    ? ""
    : text.slice(last.start, last.value.start).replace(
      /(?:[\w-]+|"[^"]*"|'[^']*')\s*=\s*$/,
      "",
    );
  const lines = [...parts].map(([key, value]) => `${before}${key} = ${value}`);
  return [inserted(text, last.lines.end, lines)];
}

/**
 * Whether the entry of a name is a single line as port-for writes it, without
 * comments and foreign keys.
 */
export function isPlainEntry(document: Document, name: string): boolean {
  const { text } = document;
  const own = statementsOf(text).filter((one) => nameOf(one) === name);
  const [entry] = own;
  if (own.length !== 1 || entry!.kind !== "key" || entry!.path.length !== 2) {
    return false;
  }
  const { value, lines } = entry!;
  return text.slice(value.end, lines.end).trim() === "" &&
    !text.slice(value.start, value.end).includes("\n") &&
    foreignEntries(text, value).length === 0;
}

/** A part of a text and its replacement. */
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

/** The name whose entry a statement belongs to. */
function nameOf({ path }: Statement): string | undefined {
  return path[0] === "ports" ? path[1] : undefined;
}

/** Inserts new entries: after the last one, or in a new [ports] table. */
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
  // With dotted entries at the root, TOML allows no [ports] header.
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

/** Inserts lines at the beginning of a line or the end of the text. */
function inserted(text: string, at: number, lines: readonly string[]): Edit {
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? "\n";
  const isOpen = at === text.length && text !== "" && !text.endsWith("\n");
  const all = lines.map((line) => line + lineEnd).join("");
  return { start: at, end: at, text: (isOpen ? lineEnd : "") + all };
}

/**
 * The entries of an inline table.
 *
 * @throws {EditError} if it takes several lines: comments in it would be lost.
 */
function entriesOnOneLine(text: string, table: Span): InlineEntry[] {
  if (text.slice(table.start, table.end).includes("\n")) {
    const { line } = placesIn(text)(table.start);
    throw new EditError(`the table on line ${line} takes several lines`);
  }
  return inlineEntries(text, table);
}

/** What somebody else wrote into the table of an entry. */
function foreignEntries(text: string, value: Span): string[] {
  if (text[value.start] !== "{") return [];
  return inlineEntries(text, value)
    .filter(({ path }) => !OWN_KEYS.has(path[0]!))
    .map((entry) => text.slice(entry.start, entry.value.end));
}

/** Parses the edited text: it must mean exactly what was intended. */
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

/** Whether the entries outside the change still mean the same. */
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
    found.reserved === wanted.reserved && found.allow === wanted.allow &&
    (found.expires && rfc3339(found.expires)) ===
      (wanted.expires && rfc3339(wanted.expires));
}

/** Whether two tables mean the same, apart from `exceptions`. */
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
