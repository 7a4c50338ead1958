import { PortForError, quoted } from "../error.ts";

/** In seconds, a century: a longer lease must be a mistake. */
export const LONGEST_TTL = 100 * 366 * 24 * 60 * 60;

const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 60 * 60,
  d: 24 * 60 * 60,
};

/**
 * Parses the duration of a lease, `90s`, `15m`, `2h` or `7d`, into seconds.
 *
 * @throws {PortForError} `BAD_INPUT` for anything else.
 */
export function parseDuration(text: string, source: string): number {
  const [, number = "", unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= LONGEST_TTL) return seconds;
  throw new PortForError(
    "BAD_INPUT",
    `cannot read ${source} ${quoted(text)}: ` +
      `not a time such as 90s, 15m, 2h or 7d, above zero and below a century`,
  );
}
