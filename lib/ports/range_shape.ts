import type { PortRange } from "./port_range.ts";

/** What makes a run of available ports a good range. */
export interface GoodRangeShape {
  /**
   * A run must have more ports than this after `border` ports are left out at
   * each end. Defaults to 20.
   */
  readonly minRangeLength?: number;
  /**
   * How many ports to leave out at each end of a run, so that no good port is
   * close to an unavailable one. Defaults to 3.
   */
  readonly border?: number;
}

/** How many ports to leave out at each end of a run by default. */
export const BORDER = 3;

/** Without its borders, a run must have more ports than this by default. */
const MIN_RANGE_LENGTH = 20;

/** How many ports a run needs by default to have good ones in it. */
export const SHORTEST_RANGE = MIN_RANGE_LENGTH + 2 * BORDER + 1;

/**
 * Whether a run of available ports is long enough to have good ports in it. As
 * in the Python port-for, its length counts as `last - first`: one less than
 * the number of ports.
 */
export function isLongEnough(
  { first, last }: PortRange,
  { minRangeLength = MIN_RANGE_LENGTH, border = BORDER }: GoodRangeShape = {},
): boolean {
  return last - first >= minRangeLength + 2 * border;
}
