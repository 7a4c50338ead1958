/**
 * Finds days that do not exist. TOML forbids them (RFC 3339), but JavaScript
 * dates roll over to the next month, so a lease would end on another day than
 * the file says.
 *
 * @module
 */
import { type Place, placesIn, type Span, statementsOf } from "./statements.ts";

/** A quick check for days that may not exist, anywhere in the text. */
const SUSPICIOUS = /\d{4}-(?:02-(?:29|3[01])|(?:0[469]|11)-31)/;

const DATES = /(\d{4})-(\d{2})-(\d{2})(?=[Tt \t\r\n,}\]]|$)/g;

/** Strings and comments, which may contain anything. */
const NO_DATES =
  /"""[\s\S]*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*/g;

/** The first day in a valid TOML text that does not exist, with its place. */
export function impossibleDay(
  text: string,
): (Place & { readonly day: string }) | undefined {
  if (!SUSPICIOUS.test(text)) return undefined;
  const place = placesIn(text);
  for (const { value } of statementsOf(text)) {
    const day = impossibleDayIn(text, value);
    if (day !== undefined) return { day, ...place(value.start) };
  }
  return undefined;
}

function impossibleDayIn(
  text: string,
  { start, end }: Span,
): string | undefined {
  const value = text.slice(start, end).replace(NO_DATES, "");
  for (const [day, year, month, date] of value.matchAll(DATES)) {
    const last = new Date(Date.UTC(Number(year), Number(month), 0));
    if (Number(date) > last.getUTCDate()) return day;
  }
  return undefined;
}
