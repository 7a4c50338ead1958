import { escaped } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Holder } from "../machine/holder.ts";

/** Characters that JSON allows but a terminal should not get. */
const UNSEEN = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A value as a line of JSON that is safe to show on a terminal. */
export function json(value: unknown): string {
  return `${jsonText(value)}\n`;
}

/** The same without the line end. */
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
  /** What a reader should see first: bold. */
  bold(text: string): string;
  /** What is the reader's own: bold cyan. */
  own(text: string): string;
  /** What is good and free: green. */
  good(text: string): string;
  /** What a reader should look at: yellow. */
  warn(text: string): string;
  /** What is wrong: red. */
  bad(text: string): string;
  /** What matters least: dim. */
  dim(text: string): string;
}

/**
 * A painter with colours for a terminal; without colours if the output goes
 * elsewhere or `NO_COLOR` is set (no-color.org).
 *
 * @param isTerminal Whether the output goes to a terminal. Defaults to whether
 * standard output does.
 */
export function painterFor(
  runtime: Runtime,
  isTerminal = runtime.terminalWidth() !== undefined,
): Painter {
  const plain = !isTerminal || Boolean(runtime.env("NO_COLOR"));
  const paint = (code: number | string) => (text: string) =>
    plain ? text : `\x1b[${code}m${text}\x1b[0m`;
  return {
    bold: paint(1),
    own: paint("1;36"),
    good: paint(32),
    warn: paint(33),
    bad: paint(31),
    dim: paint(2),
  };
}

/** Says that a port is in use, and by what: `in use by nginx (pid 812)`. */
export function inUseText(holders: readonly Holder[]): string {
  if (holders.length === 0) return "in use by what cannot be seen";
  const texts = [...new Set(holders.map(holderText))];
  return holders.some(({ uncertain }) => uncertain)
    ? `in use, perhaps by ${texts.join(" or ")}`
    : `in use by ${texts.join(", ")}`;
}

/** Describes who holds a port: `nginx (pid 812)`. */
export function holderText({ process, pid, user, how }: Holder): string {
  // Processes choose their own names, which may contain control characters.
  const name = escaped(process ?? "a process");
  if (pid !== undefined) return `${name} (pid ${pid})`;
  if (user !== undefined) return `a process of the user ${user}`;
  return how === "connected"
    ? "a connection that is closing"
    : "a process of another user";
}
