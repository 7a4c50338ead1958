import { DYNAMIC_RANGE, SYSTEM_PORTS } from "./port_range.ts";
import type { PortSet } from "./port_set.ts";

/**
 * Numbers are drawn over this whole span, not over the list of good ports, so
 * that a name keeps its port when the registry or the ephemeral range changes.
 */
const FIRST_DRAWN = SYSTEM_PORTS.last + 1;
const DRAWN = DYNAMIC_RANGE.first - FIRST_DRAWN;

/** Enough for about a hundred candidates where two ports in five are good. */
const DRAWS = 300;

/** Among these there are some good ports where one port in ten is good. */
const RANDOM_DRAWS = 64;

/**
 * The order in which good ports are tried for a name: a pseudo-random sequence
 * that depends on the name alone, then the remaining good ports, ascending.
 * Every good port comes exactly once.
 */
export function* candidatesFor(
  name: string,
  good: PortSet,
): Generator<number> {
  const drawn = new Set<number>();
  const random = mulberry32(hashOf(name));
  for (let draw = 0; draw < DRAWS; draw++) {
    const port = FIRST_DRAWN + Math.floor(random() * DRAWN);
    if (!good.has(port) || drawn.has(port)) continue;
    drawn.add(port);
    yield port;
  }
  for (const port of good) {
    if (!drawn.has(port)) yield port;
  }
}

/** Every good port exactly once, in an order from the system's random source. */
export function* randomCandidates(good: PortSet): Generator<number> {
  const drawn = new Set<number>();
  // Every port is as likely as any other; the first good one mostly is free,
  // and a list of the thousands of others would be in vain.
  for (const port of crypto.getRandomValues(new Uint16Array(RANDOM_DRAWS))) {
    if (!good.has(port) || drawn.has(port)) continue;
    drawn.add(port);
    yield port;
  }
  const ports = Uint16Array.from(good).filter((port) => !drawn.has(port));
  // A Fisher-Yates shuffle that goes no further than its reader.
  for (let next = 0; next < ports.length; next++) {
    const other = next + randomBelow(ports.length - next);
    const port = ports[other]!;
    ports[other] = ports[next]!;
    yield port;
  }
}

/** A whole number from 0 to `limit - 1`, every one as likely as any other. */
function randomBelow(limit: number): number {
  const number = new Uint32Array(1);
  // Numbers above the last multiple of the limit would favour the low ones.
  const unfair = 2 ** 32 - (2 ** 32 % limit);
  do crypto.getRandomValues(number); while (number[0]! >= unfair);
  return number[0]! % limit;
}

/** The FNV-1a hash, 32 bits, of the text's UTF-8 bytes. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** The mulberry32 generator: numbers from 0 up to, not including, 1. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
