import {
  DYNAMIC_RANGE,
  MAX_PORT,
  type PortRange,
  SYSTEM_PORTS,
} from "./port_range.ts";
import { PortSet, setOf } from "./port_set.ts";
import { BORDER, type GoodRangeShape, isLongEnough } from "./range_shape.ts";
import { unclaimedPorts, unclaimedRuns } from "./registry.ts";

/** Which ports to consider; both ends are inclusive. */
export interface Bounds {
  /** The lowest port to consider, 1-65535. Defaults to 1024. */
  readonly low?: number;
  /** The highest port to consider, 1-65535. Defaults to 49151. */
  readonly high?: number;
}

/**
 * The available ports: within the bounds, neither assigned nor well known, and
 * outside the ephemeral ranges.
 *
 * @param ephemeral The ephemeral ranges of the machine.
 */
export function availableOutside(
  ephemeral: readonly PortRange[],
  bounds: Bounds = {},
): PortSet {
  const available = new PortSet(unclaimedPorts());
  for (const range of takenRanges(ephemeral, bounds)) available.delete(range);
  return available;
}

/**
 * The good ports among those of `availableOutside`, with the default shape.
 * Quick even on the first call, because it looks only at runs that are long
 * enough.
 *
 * @param ephemeral The ephemeral ranges of the machine.
 */
export function goodPortsOutside(
  ephemeral: readonly PortRange[],
  bounds: Bounds = {},
): PortSet {
  const good = new PortSet();
  const taken = takenRanges(ephemeral, bounds);
  // Runs and taken ranges are sorted, and most runs meet none or are all taken.
  let next = 0;
  for (const run of unclaimedRuns()) {
    while (next < taken.length && taken[next]!.last < run.first) next++;
    const range = taken[next];
    if (!range || range.first > run.last) {
      good.add({ first: run.first + BORDER, last: run.last - BORDER });
    } else if (range.first > run.first || range.last < run.last) {
      for (const part of goodRangesIn(partsOutside(run, taken))) good.add(part);
    }
  }
  return good;
}

/** The ranges without available ports, sorted by their first ports. */
function takenRanges(
  ephemeral: readonly PortRange[],
  { low = SYSTEM_PORTS.last + 1, high = DYNAMIC_RANGE.first - 1 }: Bounds,
): PortRange[] {
  const taken = [...ephemeral];
  if (low > 0) taken.push({ first: 0, last: low - 1 });
  if (high < MAX_PORT) taken.push({ first: high + 1, last: MAX_PORT });
  return taken.sort((a, b) => a.first - b.first);
}

/** What is left of a run outside the taken ranges, which must be sorted. */
function partsOutside(
  run: PortRange,
  taken: readonly PortRange[],
): PortRange[] {
  const parts: PortRange[] = [];
  let { first } = run;
  for (const range of taken) {
    if (range.first > run.last) break;
    if (range.first > first) parts.push({ first, last: range.first - 1 });
    first = Math.max(first, range.last + 1);
  }
  if (first <= run.last) parts.push({ first, last: run.last });
  return parts;
}

/**
 * The good ranges among available ports, ascending: runs that are long enough,
 * without the ports at their borders.
 */
export function goodRangesOf(
  available: PortSet,
  shape: GoodRangeShape = {},
): PortRange[] {
  return goodRangesIn(available.ranges(), shape);
}

function goodRangesIn(
  runs: Iterable<PortRange>,
  shape: GoodRangeShape = {},
): PortRange[] {
  const { border = BORDER } = shape;
  const good: PortRange[] = [];
  for (const run of runs) {
    if (!isLongEnough(run, shape)) continue;
    good.push({ first: run.first + border, last: run.last - border });
  }
  return good;
}

/** The good ports among available ports: all ports in good ranges. */
export function goodPortsOf(
  available: PortSet,
  shape: GoodRangeShape = {},
): PortSet {
  return setOf(goodRangesOf(available, shape));
}
