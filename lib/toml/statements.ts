/**
 * Finds where each key is in a TOML text, so that one entry can be changed and
 * everything else kept as a person wrote it. The text must be valid TOML.
 *
 * @module
 */

/** A table header, or a key with its value, in the text. */
export interface Statement {
  /** `table` for `[a.b]` and `[[a.b]]`, `key` for `a.b = value`. */
  readonly kind: "table" | "key";
  /** The whole path from the root, including the table's. */
  readonly path: readonly string[];
  /** The path of the table header above the statement. */
  readonly table: readonly string[];
  /** Where the key (or the header's bracket) begins. */
  readonly start: number;
  /** Where the value is in the text; empty for a header. */
  readonly value: Span;
  /** The whole lines of the statement, including the line end. */
  readonly lines: Span;
}

/** A part of a text, from `start` up to but not including `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A place in a text. Both numbers start at 1; columns are UTF-16 code units.
 */
export interface Place {
  /** The line. */
  readonly line: number;
  /** The column. */
  readonly column: number;
}

/** Every statement of a valid TOML text, in order. */
export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let table: readonly string[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    const lineStart = at;
    at = skipBlanks(text, at);
    const start = at;
    if (at === text.length || isLineEnd(text, at) || text[at] === "#") {
      at = nextLine(text, at);
    } else if (text[at] === "[") {
      const inner = text[at + 1] === "[" ? at + 2 : at + 1;
      const { path, end } = readKey(text, inner);
      table = path;
      at = nextLine(text, end);
      statements.push({
        kind: "table",
        path,
        table,
        start,
        value: { start: end, end },
        lines: { start: lineStart, end: at },
      });
    } else {
      const { path, value } = readKeyAndValue(text, at);
      at = nextLine(text, value.end);
      statements.push({
        kind: "key",
        path: [...table, ...path],
        table,
        start,
        value,
        lines: { start: lineStart, end: at },
      });
    }
  }
  return statements;
}

/** A `key = value` inside an inline table. */
export interface InlineEntry {
  /** The path of the key within the table. */
  readonly path: readonly string[];
  /** Where the key begins. */
  readonly start: number;
  /** Where the value is in the text. */
  readonly value: Span;
}

/** Each `key = value` inside an inline table, in order. */
export function inlineEntries(
  text: string,
  { start, end }: Span,
): InlineEntry[] {
  const entries: InlineEntry[] = [];
  let at = start + 1;
  while (at < end) {
    at = skipFiller(text, at);
    if (text[at] === "}") break;
    const { path, value } = readKeyAndValue(text, at);
    entries.push({ path, start: at, value });
    at = value.end;
  }
  return entries;
}

/**
 * Returns a function that gives the line and column of positions in a text.
 * Positions must be ascending, because the text is scanned only once.
 */
export function placesIn(text: string): (at: number) => Place {
  let line = 1;
  let lineStart = 0;
  return (at) => {
    for (;;) {
      const end = text.indexOf("\n", lineStart);
      if (end === -1 || end >= at) break;
      line++;
      lineStart = end + 1;
    }
    return { line, column: at - lineStart + 1 };
  };
}

function readKeyAndValue(
  text: string,
  at: number,
): { path: string[]; value: Span } {
  const { path, end } = readKey(text, at);
  const start = skipBlanks(text, end + 1); // after the equals sign
  return { path, value: { start, end: endOfValue(text, start) } };
}

/** Reads a dotted key; `end` is at the `=` or `]` after it. */
function readKey(text: string, at: number): { path: string[]; end: number } {
  const path: string[] = [];
  for (;;) {
    at = skipBlanks(text, at);
    const end = endOfKeyPart(text, at);
    path.push(unquoted(text.slice(at, end)));
    at = skipBlanks(text, end);
    if (text[at] !== ".") return { path, end: at };
    at++;
  }
}

function endOfKeyPart(text: string, at: number): number {
  if (text[at] === '"' || text[at] === "'") return endOfString(text, at);
  const bare = /[^\s.=\]]*/y;
  bare.lastIndex = at;
  bare.test(text);
  return bare.lastIndex;
}

function endOfValue(text: string, at: number): number {
  if (text[at] === '"' || text[at] === "'") return endOfString(text, at);
  if (text[at] === "[" || text[at] === "{") return endOfBrackets(text, at);
  // A number, date or boolean ends at a separator, except for the blank between
  // the date and the time of a date-time.
  const scalar = /[^\s,\]}#]+(?: \d[^\s,\]}#]*)?/y;
  scalar.lastIndex = at;
  scalar.test(text);
  return scalar.lastIndex;
}

function endOfBrackets(text: string, at: number): number {
  let depth = 0;
  for (;;) {
    const character = text[at];
    if (character === '"' || character === "'") {
      at = endOfString(text, at);
      continue;
    }
    if (character === "#") {
      at = nextLine(text, at);
      continue;
    }
    at++;
    if (character === "[" || character === "{") depth++;
    if (character === "]" || character === "}") depth--;
    if (depth === 0 || at >= text.length) return at;
  }
}

function endOfString(text: string, at: number): number {
  const quote = text[at]!;
  const escapes = quote === '"';
  const long = text.startsWith(quote.repeat(3), at);
  const closing = long ? quote.repeat(3) : quote;
  at += closing.length;
  while (at < text.length && !text.startsWith(closing, at)) {
    at += escapes && text[at] === "\\" ? 2 : 1;
  }
  at += closing.length;
  // Up to two quotes may come right before the closing three.
  while (long && text[at] === quote) at++;
  return at;
}

function unquoted(part: string): string {
  if (part.startsWith("'")) return part.slice(1, -1);
  if (!part.startsWith('"')) return part;
  return part.slice(1, -1).replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))/g,
    (_, short, long, byte, letter) =>
      letter === undefined
        ? String.fromCodePoint(parseInt(short ?? long ?? byte, 16))
        : ESCAPES[letter] ?? letter,
  );
}

const ESCAPES: Record<string, string> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\x1b",
};

function skipBlanks(text: string, at: number): number {
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

/** Skips what may come between the entries of an inline table. */
function skipFiller(text: string, at: number): number {
  for (;;) {
    if (text[at] === "#") at = nextLine(text, at);
    else if (text[at] !== undefined && /[\s,]/.test(text[at]!)) at++;
    else return at;
  }
}

function isLineEnd(text: string, at: number): boolean {
  return text[at] === "\n" || text.startsWith("\r\n", at);
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}
