import { MAX_PORT, type PortRange } from "./port_range.ts";
import { DYNAMIC_RANGE, SYSTEM_PORTS } from "./port_range.ts";
import { PortSet, setOf } from "./port_set.ts";
import { assignedPorts, wellKnownPorts } from "./registry.ts";

/** Which part of the port space to look at; both ends are inclusive. */
export interface Bounds {
  /** The lowest port to consider, 1-65535. By default 1024. */
  readonly low?: number;
  /** The highest port to consider, 1-65535. By default 49151. */
  readonly high?: number;
}

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

/**
 * The available ports: within the bounds, neither assigned nor well known, and
 * outside the ephemeral ranges.
 *
 * @param ephemeral The ephemeral ranges of the machine.
 */
export function availableOutside(
  ephemeral: readonly PortRange[],
  { low = SYSTEM_PORTS.last + 1, high = DYNAMIC_RANGE.first - 1 }: Bounds = {},
): PortSet {
  const available = new PortSet(unclaimedPorts());
  if (low > 0) available.delete({ first: 0, last: low - 1 });
  if (high < MAX_PORT) available.delete({ first: high + 1, last: MAX_PORT });
  for (const range of ephemeral) available.delete(range);
  return available;
}

/** How many ports are left out at each end of a run, by default. */
export const BORDER = 3;

/** A run must be longer than this without its borders, by default. */
export const MIN_RANGE_LENGTH = 20;

/** How many ports a run needs to have good ones in it, by default. */
export const SHORTEST_RANGE = MIN_RANGE_LENGTH + 2 * BORDER + 1;

/**
 * Whether a run of available ports is long enough to have good ports in it.
 * The length is that of the first port-for, `last - first`: one less than the
 * number of ports.
 */
export function isLongEnough(
  { first, last }: PortRange,
  { minRangeLength = MIN_RANGE_LENGTH, border = BORDER }: GoodRangeShape = {},
): boolean {
  return last - first >= minRangeLength + 2 * border;
}

/**
 * The good ranges among available ports: the runs that are long enough,
 * without the ports at their borders. Ascending.
 */
export function goodRangesOf(
  available: PortSet,
  shape: GoodRangeShape = {},
): PortRange[] {
  const { border = BORDER } = shape;
  const good: PortRange[] = [];
  for (const run of available.ranges()) {
    if (!isLongEnough(run, shape)) continue;
    good.push({ first: run.first + border, last: run.last - border });
  }
  return good;
}

/** The good ports among available ports: all that lie in good ranges. */
export function goodPortsOf(
  available: PortSet,
  shape: GoodRangeShape = {},
): PortSet {
  return setOf(goodRangesOf(available, shape));
}

let unclaimed: PortSet | undefined;

/** Every port that is neither assigned nor well known. */
function unclaimedPorts(): PortSet {
  unclaimed ??= new PortSet()
    .add({ first: 1, last: MAX_PORT })
    .deleteAll(assignedPorts())
    .deleteAll(wellKnownPorts());
  return unclaimed;
}
