import { DYNAMIC_RANGE, SYSTEM_PORTS } from "./port_range.ts";
import type { PortSet } from "./port_set.ts";

/**
 * Ports are drawn from this whole range and not from the list of good ports, so
 * that a name keeps its port when the registry or the ephemeral range changes.
 */
const FIRST_DRAWN = SYSTEM_PORTS.last + 1;
const DRAWN = DYNAMIC_RANGE.first - FIRST_DRAWN;

/** Gives about a hundred candidates if two ports in five are good. */
const DRAWS = 300;

/** Includes some good ports even if only one port in ten is good. */
const RANDOM_DRAWS = 64;

/**
 * Yields every good port exactly once, in the order in which to try them for a
 * name: a pseudo-random sequence that depends only on the name, then the
 * remaining ports, ascending.
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

/**
 * Yields every good port exactly once, in an order from the system's random
 * source.
 */
export function* randomCandidates(good: PortSet): Generator<number> {
  const drawn = new Set<number>();
  // Usually one of the first good ports is free, so start without building a
  // list of all of them. Drawing is uniform either way.
  for (const port of crypto.getRandomValues(new Uint16Array(RANDOM_DRAWS))) {
    if (!good.has(port) || drawn.has(port)) continue;
    drawn.add(port);
    yield port;
  }
  const ports = Uint16Array.from(good).filter((port) => !drawn.has(port));
  // A lazy Fisher-Yates shuffle.
  for (let next = 0; next < ports.length; next++) {
    const other = next + randomBelow(ports.length - next);
    const port = ports[other]!;
    ports[other] = ports[next]!;
    yield port;
  }
}

/** A whole number from 0 to `limit - 1`, uniformly distributed. */
function randomBelow(limit: number): number {
  const number = new Uint32Array(1);
  // Numbers from the last multiple of the limit up would favour low results.
  const unfair = 2 ** 32 - (2 ** 32 % limit);
  do crypto.getRandomValues(number); while (number[0]! >= unfair);
  return number[0]! % limit;
}

/** The 32-bit FNV-1a hash of the text's UTF-8 bytes. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** The mulberry32 generator: numbers from 0 up to but not including 1. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
