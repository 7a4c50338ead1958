import { PortForError, quoted, shown } from "../error.ts";

/**
 * A run of ports, inclusive at both ends: `{ first: 8000, last: 8009 }` is ten
 * ports.
 */
export interface PortRange {
  /** The lowest port of the range, 1-65535. */
  readonly first: number;
  /** The highest port of the range, 1-65535, not below `first`. */
  readonly last: number;
}

/** The highest port number: ports have 16 bits (RFC 9293). */
export const MAX_PORT = 65535;

/**
 * The ports that only privileged programs may bind: the system ports of
 * RFC 6335, section 6.
 */
export const SYSTEM_PORTS: PortRange = { first: 0, last: 1023 };

/**
 * The dynamic range of RFC 6335, section 6: never assigned by IANA, and not
 * meant for services.
 */
export const DYNAMIC_RANGE: PortRange = { first: 49152, last: MAX_PORT };

/** Whether `port` is a whole number from 1 to 65535. */
export function isPort(port: unknown): port is number {
  return Number.isInteger(port) && (port as number) >= 1 &&
    (port as number) <= MAX_PORT;
}

/**
 * Refuses anything that is not a port.
 *
 * @param action What the caller wants to do with it, for the message: `probe
 * port`.
 * @throws {PortForError} `BAD_INPUT`.
 */
export function checkPort(port: number, action: string): void {
  if (isPort(port)) return;
  throw new PortForError(
    "BAD_INPUT",
    `cannot ${action} ${shown(port)}: not a whole number from 1 to ${MAX_PORT}`,
  );
}

/**
 * Parses a port number: decimal digits and nothing else.
 *
 * @param source Where the text comes from, for the message: `--port`.
 * @throws {PortForError} `BAD_INPUT` if the text is not a whole number from 1
 * to 65535.
 */
export function parsePort(text: string, source = "the port"): number {
  const port = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (isPort(port)) return port;
  throw unreadable(source, text, `not a whole number from 1 to ${MAX_PORT}`);
}

/**
 * Parses `8000` or `8000-8009`.
 *
 * @param source Where the text comes from, for the message: `--range`.
 * @throws {PortForError} `BAD_INPUT` if the text is neither a port nor two
 * ports with a hyphen between them, the lower one first.
 */
export function parsePortRange(
  text: string,
  source = "the port range",
): PortRange {
  const match = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match) {
    throw unreadable(
      source,
      text,
      "not a port or FIRST-LAST (such as 20000-29999)",
    );
  }
  if (!isPort(first) || !isPort(last)) {
    throw unreadable(source, text, `ports go from 1 to ${MAX_PORT}`);
  }
  if (first > last) {
    const turned = formatPortRange({ first: last, last: first });
    throw unreadable(source, text, `it ends before it begins (try ${turned})`);
  }
  return { first, last };
}

function unreadable(source: string, text: string, why: string): PortForError {
  return new PortForError(
    "BAD_INPUT",
    `cannot read ${source} ${quoted(text)}: ${why}`,
  );
}

/** Formats a range in the form that `parsePortRange` reads. */
export function formatPortRange({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/**
 * Formats ranges for a sentence: `32768-60999`, or several joined with `and`.
 */
export function formatPortRanges(ranges: readonly PortRange[]): string {
  return ranges.map(formatPortRange).join(" and ");
}

/** Whether `port` is in one of `ranges`. */
export function inRanges(port: number, ranges: readonly PortRange[]): boolean {
  return ranges.some(({ first, last }) => first <= port && port <= last);
}

/** The ports of a range, one by one. */
export function portsIn({ first, last }: PortRange): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** Whether any two of many ranges share a port. */
export function anyOverlap(ranges: Iterable<PortRange>): boolean {
  const taken = new TakenPorts();
  for (const { first, last } of ranges) {
    if (!taken.take(first, last)) return true;
  }
  return false;
}

/** Finds out whether any port is taken twice. */
export class TakenPorts {
  // A bit for each port. This avoids sorting, as a store may have thousands of
  // ranges, and takes little memory, as most stores have only a few.
  readonly #bits = new Uint8Array((MAX_PORT + 1) / 8);

  /** Takes the ports of a range; false if one of them was taken before. */
  take(first: number, last: number): boolean {
    for (let port = first; port <= last; port++) {
      const bit = 1 << (port & 7);
      if ((this.#bits[port >> 3]! & bit) !== 0) return false;
      this.#bits[port >> 3]! |= bit;
    }
    return true;
  }
}

/** Whether two ranges share at least one port. */
export function overlap(a: PortRange, b: PortRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}
