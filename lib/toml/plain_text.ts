/**
 * The text of a store as port-for itself writes it: a head, then `[ports]` with
 * a line for each name. This reads such a text in a fraction of the time that
 * the TOML parser takes; every other text is left to that parser.
 *
 * @module
 */

/** A text in port-for's own form. */
export interface PlainText {
  /**
   * What comes before `[ports]`. If this is not valid TOML, nor is the whole.
   */
  readonly head: string;
  /**
   * The head's meaning, if it has nothing but comments and perhaps the version.
   */
  readonly bareHead?: { readonly version?: 1 };
  /** By name, in order: a port, or the text of an inline table. */
  readonly entries: ReadonlyMap<string, number | string>;
  /** The end of the last entry's line, or of the line `[ports]`. */
  readonly end: number;
}

/** What port-for writes before the entries of a new store. */
export const OWN_HEAD = `\
# port-for: which name holds which port on this machine
version = 1

`;

const PORTS_LINE = "[ports]";

// deno-lint-ignore no-control-regex
const COMMENT = /#[^\x00-\x08\x0a-\x1f\x7f]*/.source;

/** A blank line, a comment, or an entry, capturing its key and value. */
const LINE = lineOf({
  // deno-lint-ignore no-control-regex
  key: /([\w-]+)|"([^"\\\x00-\x1f\x7f]*)"/,
  value: /(0|[1-9]\d{0,8})|(\{[^\r\n]*\})/,
});

function lineOf({ key, value }: Record<"key" | "value", RegExp>): RegExp {
  const blank = "[ \\t]*";
  const entry = `(?:${key.source})${blank}=${blank}(?:${value.source})`;
  // Blanks always belong to what they follow. Two adjacent runs of blanks could
  // match in many ways, which makes backtracking slow.
  return new RegExp(
    `${blank}(?:${entry}${blank})?(?:${COMMENT})?(?:\\r?\\n|$)`,
    "y",
  );
}

/** Reads a text in port-for's own form; `undefined` if it has another form. */
export function readPlainText(text: string): PlainText | undefined {
  const start = text.startsWith(PORTS_LINE)
    ? 0
    : text.indexOf(`\n${PORTS_LINE}`) + 1;
  if (start === 0 && !text.startsWith(PORTS_LINE)) return undefined;
  const head = text.slice(0, start);
  const bareHead = bareHeadOf(head);
  if (!bareHead && mayHavePorts(head)) return undefined;
  LINE.lastIndex = start + PORTS_LINE.length;
  // The rest of the [ports] line must be blank or a comment.
  if (nameIn(LINE.exec(text)) !== undefined) return undefined;
  let end = LINE.lastIndex;
  const entries = new Map<string, number | string>();
  while (LINE.lastIndex < text.length) {
    const line = LINE.exec(text);
    if (!line) return undefined;
    const name = nameIn(line);
    if (name === undefined) continue;
    if (entries.has(name)) return undefined;
    // Destructuring would take twice as long, and there may be 10,000 lines.
    entries.set(name, line[3] === undefined ? line[4]! : Number(line[3]));
    end = LINE.lastIndex;
  }
  return { head, ...(bareHead ? { bareHead } : {}), entries, end };
}

/** The meaning of a head with nothing but comments and perhaps the version. */
function bareHeadOf(head: string): PlainText["bareHead"] {
  let bare: { readonly version?: 1 } = {};
  LINE.lastIndex = 0;
  while (LINE.lastIndex < head.length) {
    const line = LINE.exec(head);
    const name = nameIn(line);
    if (name === undefined) continue;
    if (name !== "version" || line![3] !== "1" || bare.version) {
      return undefined;
    }
    bare = { version: 1 };
  }
  return bare;
}

/** Whether a head may define `ports` itself, perhaps spelt with escapes. */
function mayHavePorts(head: string): boolean {
  return /^[^#\n]*(?:ports|\\)/m.test(head);
}

/** The key of a line; "" if the line did not match. */
function nameIn(line: RegExpExecArray | null): string | undefined {
  return line === null ? "" : line[1] ?? line[2];
}
