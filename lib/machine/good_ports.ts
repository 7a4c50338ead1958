import { checkIsObject, PortForError } from "../error.ts";
import {
  availableOutside,
  type Bounds,
  goodPortsOf,
  goodPortsOutside,
  goodRangesOf,
} from "../ports/policy.ts";
import type { GoodRangeShape } from "../ports/range_shape.ts";
import {
  checkPort,
  formatPortRanges,
  type PortRange,
} from "../ports/port_range.ts";
import { type Ports, PortSet, portSet, setOf } from "../ports/port_set.ts";
import { currentRuntime } from "../runtime/current.ts";
import { readEphemeralRanges } from "./ephemeral.ts";
import { formatReservedPorts } from "./reserved.ts";

/** What to look at, beside the bounds. */
export interface AvailableOptions extends Bounds {
  /**
   * Ranges in which no port is available. By default the ephemeral ranges of
   * this machine; an empty list for none.
   */
  readonly excludeRanges?: Iterable<PortRange>;
}

/**
 * The ports that the operating system hands out by itself, as this machine is
 * configured: for outgoing connections and for binding port 0.
 *
 * Linux: `net.ipv4.ip_local_port_range` (ip-sysctl), which rules IPv6 too.
 * macOS, the BSDs: `sysctl`. Windows: `netsh`. Where that cannot be read, the
 * system's documented default.
 *
 * @example
 * ```ts
 * import { ephemeralPortRanges } from "@x/port-for";
 *
 * console.log(ephemeralPortRanges()); // [{ first: 32768, last: 60999 }]
 * ```
 */
export function ephemeralPortRanges(): PortRange[] {
  return [...readEphemeralRanges(currentRuntime).ranges];
}

/**
 * The available ports: in 1024-49151 (or within `low` and `high`), not
 * assigned, not well known, outside the ephemeral ranges of this machine, and not on the kernel's list of
 * reserved ports, which are kept for somebody.
 *
 * @throws {PortForError} `BAD_INPUT` where a bound is not a port or a range is
 * none.
 *
 * @example
 * ```ts
 * import { availablePorts } from "@x/port-for";
 *
 * console.log(availablePorts({ high: 9999 }).has(8080)); // false: assigned
 * ```
 */
export function availablePorts(
  options: AvailableOptions = {},
): PortSet {
  checkIsObject(options);
  const { excludeRanges, ...bounds } = options;
  for (const bound of [bounds.low, bounds.high]) {
    if (bound !== undefined) checkPort(bound, "bound ports by");
  }
  const excluded = excludeRanges
    ? [...portSet(excludeRanges).ranges()]
    : notAvailableHere();
  return availableOutside(excluded, bounds);
}

/**
 * The good ranges: runs of available ports that are long enough, without the
 * ports at their borders. Ascending.
 *
 * @param ports The ports to look at, by default `availablePorts()`.
 * @throws {PortForError} `BAD_INPUT` where `ports` has something else in it, or
 * `shape` no whole numbers from 0.
 *
 * @example
 * ```ts
 * import { goodPortRanges } from "@x/port-for";
 *
 * console.log(goodPortRanges({ first: 5000, last: 5050 }, { border: 5 }));
 * // [{ first: 5005, last: 5045 }]
 * ```
 */
export function goodPortRanges(
  ports?: Ports,
  shape: GoodRangeShape = {},
): PortRange[] {
  checkShape(shape);
  return ports === undefined
    ? [...goodPortsHere(shape).ranges()]
    : goodRangesOf(portSet(ports), shape);
}

/**
 * The good ports of this machine: all that lie in good ranges.
 *
 * @throws {PortForError} `BAD_INPUT` where `shape` has no whole numbers from 0.
 *
 * @example
 * ```ts
 * import { availableGoodPorts } from "@x/port-for";
 *
 * console.log(availableGoodPorts().size); // 17343 on a Linux as it comes
 * ```
 */
export function availableGoodPorts(shape?: GoodRangeShape): PortSet {
  if (shape === undefined) return new PortSet(currentGoodPorts());
  checkShape(shape);
  return goodPortsHere(shape);
}

/** What is kept for somebody makes no borders: it is this machine's alone. */
function goodPortsHere(shape: GoodRangeShape): PortSet {
  const { configured, reserved } = readEphemeralRanges(currentRuntime);
  return goodPortsOf(availableOutside(configured), shape).deleteAll(reserved);
}

function checkShape(shape: GoodRangeShape): void {
  checkIsObject(shape);
  for (const [what, value] of Object.entries(shape)) {
    if (value === undefined || (Number.isInteger(value) && value >= 0)) {
      continue;
    }
    throw new PortForError(
      "BAD_INPUT",
      `cannot look for good ranges with ${what} ${value}: not a whole number ` +
        `from 0`,
    );
  }
}

/** The good ports as they are now. Not to be changed by the caller. */
export function currentGoodPorts(): PortSet {
  const { configured, reserved } = readEphemeralRanges(currentRuntime);
  const key = `${formatPortRanges(configured)} ${
    formatReservedPorts(reserved)
  }`;
  if (latest?.key !== key) {
    const good = goodPortsOutside(configured).deleteAll(reserved);
    latest = { key, good };
  }
  return latest.good;
}

/** The ephemeral ranges as configured, and what is kept out of them for others. */
function notAvailableHere(): PortRange[] {
  const { configured, reserved } = readEphemeralRanges(currentRuntime);
  return [...setOf(configured).addAll(reserved).ranges()];
}

/** The good ports by what the kernel is told, which hardly ever changes. */
let latest: { key: string; good: PortSet } | undefined;
