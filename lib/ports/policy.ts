import { MAX_PORT, type PortRange } from "./port_range.ts";
import { DYNAMIC_RANGE, SYSTEM_PORTS } from "./port_range.ts";
import { PortSet } from "./port_set.ts";
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

/**
 * The good ranges among available ports: the runs that are long enough,
 * without the ports at their borders. Ascending.
 */
export function goodRangesOf(
  available: PortSet,
  { minRangeLength = 20, border = 3 }: GoodRangeShape = {},
): PortRange[] {
  const good: PortRange[] = [];
  for (const { first, last } of available.ranges()) {
    // The length is that of the first port-for, last - first: one less than
    // the number of ports.
    if (last - first >= minRangeLength + 2 * border) {
      good.push({ first: first + border, last: last - border });
    }
  }
  return good;
}

/** The good ports among available ports: all that lie in good ranges. */
export function goodPortsOf(
  available: PortSet,
  shape: GoodRangeShape = {},
): PortSet {
  const good = new PortSet();
  for (const range of goodRangesOf(available, shape)) good.add(range);
  return good;
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
