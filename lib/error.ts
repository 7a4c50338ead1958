/**
 * The kind of error, for programs:
 *
 * - `BAD_INPUT`: an argument is not what it should be; nothing was tried
 * - `PORT_TAKEN`: the port, or the name, already belongs to another association
 * - `NO_GOOD_PORT`: no good port is free on this machine
 * - `STORE_INVALID`: the store is not valid, so it is not written to
 * - `STORE_BUSY`: another process held the store's lock for too long
 * - `NO_PERMISSION`: the operating system does not allow it
 * - `FAILED`: any other failed operation: a full disk, a broken socket
 */
export type PortForErrorCode =
  | "BAD_INPUT"
  | "PORT_TAKEN"
  | "NO_GOOD_PORT"
  | "STORE_INVALID"
  | "STORE_BUSY"
  | "NO_PERMISSION"
  | "FAILED";

/**
 * The one error that port-for throws. Its message reads
 * `cannot X: why (what to do)`.
 *
 * @example
 * ```ts
 * import { PortForError, PortStore } from "@x/port-for";
 *
 * try {
 *   await new PortStore("/tmp/ports.toml").associate("web", { port: 70000 });
 * } catch (error) {
 *   if (error instanceof PortForError) console.error(error.code, error.message);
 * }
 * ```
 */
export class PortForError extends Error {
  /** The name that error reports print. */
  override readonly name = "PortForError";
  /** What went wrong, for programs. */
  readonly code: PortForErrorCode;

  /**
   * An error with its code.
   *
   * @param code What went wrong, for programs.
   * @param message What went wrong, for people: `cannot X: why (what to do)`.
   * @param options `cause`: the underlying error, if any.
   */
  constructor(
    code: PortForErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A name or a piece of input for a message: in double quotes, with anything
 * escaped that would confuse a terminal.
 */
export function quoted(text: string): string {
  return escaped(JSON.stringify(text));
}

/** Describes a wrong argument for a message. */
export function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

/**
 * Refuses options that are not an object: plain JavaScript has no types.
 *
 * @throws {PortForError} `BAD_INPUT`.
 */
export function checkIsObject(options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw new PortForError(
    "BAD_INPUT",
    `cannot use ${shown(options)} as options: it is not an object`,
  );
}

/**
 * Escapes characters that would confuse a terminal or are invisible.
 *
 * @param what Which characters to escape.
 */
export function escaped(
  text: string,
  what = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
): string {
  return text.replace(
    what,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/**
 * Characters that control a terminal: control characters, line ends and text
 * directions.
 */
export const CONTROLS: RegExp =
  /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Makes an untrusted text safe as part of a line. Keeps other invisible
 * characters: emoji need them, and programs read the output.
 */
export function onOneLine(text: string): string {
  return escaped(text, CONTROLS);
}

/**
 * The word that was probably meant: the one with the fewest changes, if they
 * are few for its length.
 */
export function nearest(
  word: string,
  words: readonly string[],
): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const changes = changesBetween(word, candidate);
    if (changes < fewest) [best, fewest] = [candidate, changes];
  }
  return best;
}

/** How many letters to add, drop, replace or swap with the next one. */
function changesBetween(a: string, b: string): number {
  const rows = [[...Array(b.length + 1).keys()]];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let changes = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (isSame ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] &&
        a[i - 2] === b[j - 1];
      if (swapped) changes = Math.min(changes, rows[i - 2]![j - 2]! + 1);
      row.push(changes);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
