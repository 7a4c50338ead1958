import type { PortRange } from "./port_range.ts";

/** What makes a run of available ports a good range. */
export interface GoodRangeShape {
  /**
   * A run must be longer than this, in ports, after `border` ports are left
   * out at each end. By default 20.
   */
  readonly minRangeLength?: number;
  /**
   * How many ports to leave out at each end of a run, so that no good port has
   * a claimed neighbour. By default 3.
   */
  readonly border?: number;
}

/** How many ports are left out at each end of a run, by default. */
export const BORDER = 3;

/** A run must be longer than this without its borders, by default. */
const MIN_RANGE_LENGTH = 20;

/** How many ports a run needs to have good ones in it, by default. */
export const SHORTEST_RANGE = MIN_RANGE_LENGTH + 2 * BORDER + 1;

/**
 * Whether a run of available ports is long enough to have good ports in it.
 * The length is that of the Python port-for, `last - first`: one less than the
 * number of ports.
 */
export function isLongEnough(
  { first, last }: PortRange,
  { minRangeLength = MIN_RANGE_LENGTH, border = BORDER }: GoodRangeShape = {},
): boolean {
  return last - first >= minRangeLength + 2 * border;
}
