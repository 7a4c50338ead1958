/**
 * The text of a store as port-for itself writes it: what comes before, then
 * `[ports]` with a line for each name. Such a text is read here in a fraction
 * of the time that TOML takes; every other text is left to the TOML parser.
 *
 * @module
 */

/** A text in port-for's own form. */
export interface PlainText {
  /** What stands before `[ports]`; where that is no TOML, the whole is none. */
  readonly head: string;
  /** What that says, where it is no more than the version, or not even that. */
  readonly bareHead?: { readonly version?: 1 };
  /** By name, in order: the port, or the text of an inline table. */
  readonly entries: ReadonlyMap<string, number | string>;
  /** Where the line of the last entry ends, or that of `[ports]`. */
  readonly end: number;
}

/** What port-for writes before the entries of a new store. */
export const OWN_HEAD = `\
# port-for: which name holds which port on this machine
version = 1

`;

const PORTS_LINE = "[ports]";

/** What might name ports before that line; `\` might spell it. */
const maybePorts = () => /^[^#\n]*(?:ports|\\)/m;

// deno-lint-ignore no-control-regex
const COMMENT = /#[^\x00-\x08\x0a-\x1f\x7f]*/.source;

/** What a head says, if that is the version, perhaps, and comments. */
function bareHeadOf(head: string): PlainText["bareHead"] {
  const bare = new RegExp(
    `^(?:(?:${COMMENT})?\\r?\\n)*(?:(version = 1)\\r?\\n(?:(?:${COMMENT})?\\r?\\n)*)?$`,
  ).exec(head);
  if (!bare) return undefined;
  return bare[1] ? { version: 1 } : {};
}

/** A blank line, a comment, or an entry; in groups its key and its value. */
const LINE = lineOf({
  // deno-lint-ignore no-control-regex
  key: /([\w-]+)|"([^"\\\x00-\x1f\x7f]*)"/,
  value: /(0|[1-9]\d{0,8})|(\{[^\r\n]*\})/,
});

function lineOf({ key, value }: Record<"key" | "value", RegExp>): RegExp {
  const blank = "[ \\t]*";
  const entry = `(?:${key.source})${blank}=${blank}(?:${value.source})`;
  // Blanks belong to what they follow: two runs side by side could share them
  // in as many ways as there are blanks.
  return new RegExp(
    `${blank}(?:${entry}${blank})?(?:${COMMENT})?(?:\\r?\\n|$)`,
    "y",
  );
}

/** Reads a text in port-for's own form; `undefined` where it is in no such. */
export function readPlainText(text: string): PlainText | undefined {
  const start = text.startsWith(PORTS_LINE)
    ? 0
    : text.indexOf(`\n${PORTS_LINE}`) + 1;
  if (start === 0 && !text.startsWith(PORTS_LINE)) return undefined;
  const head = text.slice(0, start);
  // Nearly every store begins so, and patterns take a while to compile.
  const isOwn = head === OWN_HEAD;
  if (!isOwn && maybePorts().test(head)) return undefined;
  LINE.lastIndex = start + PORTS_LINE.length;
  // The rest of that line is blank, or a comment.
  if (nameIn(LINE.exec(text)) !== undefined) return undefined;
  let end = LINE.lastIndex;
  const entries = new Map<string, number | string>();
  while (LINE.lastIndex < text.length) {
    const line = LINE.exec(text);
    if (!line) return undefined;
    const name = nameIn(line);
    if (name === undefined) continue;
    if (entries.has(name)) return undefined;
    // Not by a pattern: that takes twice as long, ten thousand times over.
    entries.set(name, line[3] === undefined ? line[4]! : Number(line[3]));
    end = LINE.lastIndex;
  }
  const bareHead = isOwn ? { version: 1 } as const : bareHeadOf(head);
  return { head, ...(bareHead ? { bareHead } : {}), entries, end };
}

/** The key on a line; an empty one where there is no line. */
function nameIn(line: RegExpExecArray | null): string | undefined {
  return line === null ? "" : line[1] ?? line[2];
}
