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

/** Which ports can be available. */
export interface AvailableOptions extends Bounds {
  /**
   * Ranges in which no port is available. Defaults to the ephemeral ranges of
   * this machine; pass an empty list for none.
   */
  readonly excludeRanges?: Iterable<PortRange>;
}

/**
 * The ephemeral ranges of this machine: ports that the operating system hands
 * out for outgoing connections and for binding port 0.
 *
 * Linux: `net.ipv4.ip_local_port_range` (ip-sysctl), which applies to IPv6 too.
 * macOS, the BSDs: `sysctl`. Windows: `netsh`. If that fails, the system's
 * documented default.
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
 * assigned, not well known, outside the ephemeral ranges of this machine, and
 * not in the kernel's list of reserved ports.
 *
 * @throws {PortForError} `BAD_INPUT` if a bound is not a port or a range is not
 * valid.
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
 * The good ranges, ascending: runs of available ports that are long enough,
 * without the ports at their borders.
 *
 * @param ports The ports to look at. Defaults to `availablePorts()`.
 * @throws {PortForError} `BAD_INPUT` if `ports` contains anything that is not a
 * port, or `shape` anything that is not a whole number from 0.
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
 * The good ports of this machine: all ports in its good ranges.
 *
 * @throws {PortForError} `BAD_INPUT` if `shape` contains anything that is not a
 * whole number from 0.
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

/**
 * Reserved ports are removed last: they are local and must not make borders.
 */
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

/** The good ports of this machine now. Cached: do not modify the result. */
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

/** The configured ephemeral ranges and the kernel's reserved ports. */
function notAvailableHere(): PortRange[] {
  const { configured, reserved } = readEphemeralRanges(currentRuntime);
  return [...setOf(configured).addAll(reserved).ranges()];
}

/** The latest result, with the kernel's settings that it was computed from. */
let latest: { key: string; good: PortSet } | undefined;
