import { escaped } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Holder } from "../machine/holder.ts";

/** What JSON may have in it, and a terminal should not see. */
const UNSEEN = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A value as a line of JSON that is safe to show on a terminal. */
export function json(value: unknown): string {
  return `${jsonText(value)}\n`;
}

/** The same as a part of a line. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSEEN,
    (character) =>
      Array.from(
        { length: character.length },
        (_, at) =>
          `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
      ).join(""),
  );
}

/** Paints text for a terminal; leaves it alone anywhere else. */
export interface Painter {
  /** What a reader should see first. */
  bold(text: string): string;
  /** What is as it should be. */
  good(text: string): string;
  /** What a reader should look at. */
  warn(text: string): string;
  /** What is wrong. */
  bad(text: string): string;
  /** What matters least. */
  dim(text: string): string;
}

/**
 * Colours for a terminal, and none where output goes elsewhere or `NO_COLOR` is
 * set (no-color.org).
 */
export function painterFor(runtime: Runtime): Painter {
  const plain = runtime.terminalWidth() === undefined ||
    Boolean(runtime.env("NO_COLOR"));
  const paint = (code: number) => (text: string) =>
    plain ? text : `\x1b[${code}m${text}\x1b[0m`;
  return {
    bold: paint(1),
    good: paint(32),
    warn: paint(33),
    bad: paint(31),
    dim: paint(2),
  };
}

/** Wide characters of East Asia, and emoji, take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Marks over another letter, and the later parts of a Korean syllable. */
const NO_COLUMN = /[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (!NO_COLUMN.test(character)) columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/** The text in a column of a table: filled up with blanks, or cut with `…`. */
export function fitted(text: string, columns: number): string {
  const filler = columns - columnsOf(text);
  if (filler >= 0) return text + " ".repeat(filler);
  let cut = "";
  for (const character of text) {
    if (columnsOf(cut + character) > columns - 1) break;
    cut += character;
  }
  return `${cut}…${" ".repeat(columns - 1 - columnsOf(cut))}`;
}

/** Who holds a port, in a few words: `nginx (pid 812)`. */
export function holderText(holders: readonly Holder[]): string {
  if (holders.length === 0) return "a process that cannot be seen";
  const texts = [...new Set(holders.map(oneHolderText))];
  if (holders.some(({ uncertain }) => uncertain)) {
    return `perhaps ${texts.join(" or ")}, or a process that cannot be seen`;
  }
  return texts.join(", ");
}

function oneHolderText({ process, pid, user, how }: Holder): string {
  // Processes name themselves, and not always for the reader's good.
  const name = escaped(process ?? "a process");
  if (pid !== undefined) return `${name} (pid ${pid})`;
  if (user !== undefined) return `a process of the user ${user}`;
  return how === "connected"
    ? "a connection that is closing"
    : "a process of another user";
}
