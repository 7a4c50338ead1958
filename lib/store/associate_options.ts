import { checkIsObject, PortForError, shown } from "../error.ts";
import { LONGEST_TTL } from "../ports/duration.ts";
import {
  checkPort,
  isPort,
  MAX_PORT,
  parsePortRange,
  type PortRange,
} from "../ports/port_range.ts";
import { checkPortRange, type Ports, portSet } from "../ports/port_set.ts";

/** How to give a name its port. */
export interface AssociateOptions {
  /** Exactly this port, 1-65535, good or not; for a block, its first. */
  readonly port?: number;
  /**
   * This port, 1-65535, if it is free and not claimed; for a block, its first.
   * Otherwise a port is chosen as usual.
   */
  readonly prefer?: number;
  /** Choose only in this range: `"20000-29999"`, or its two ends. */
  readonly range?: PortRange | string;
  /** Never choose one of these. */
  readonly exclude?: Ports;
  /** Choose at random instead of deriving the port from the name. */
  readonly random?: boolean;
  /** Require the UDP port to be free too. */
  readonly udp?: boolean;
  /** How many consecutive ports the name gets, 1-65535. Defaults to 1. */
  readonly count?: number;
  /**
   * Make it a lease that ends after this many seconds (more than 0). Each call
   * with `ttl` renews the lease. By default an association never ends.
   */
  readonly ttl?: number;
  /**
   * Tell the Linux kernel to keep the ports out of its ephemeral range, now and
   * after a reboot. Ports in that range are then chosen if no others are left.
   */
  readonly reserve?: boolean;
  /**
   * The directory that the name belongs to: once it is gone, `prune` drops the
   * name.
   */
  readonly directory?: string;
  /** The port need not be a good one: checks do not report it. */
  readonly allow?: boolean;
}

/**
 * Refuses options that make no sense.
 *
 * @throws {PortForError} `BAD_INPUT`.
 */
export function checkOptions(
  names: readonly string[],
  options: AssociateOptions,
): void {
  checkIsObject(options);
  const { port, prefer, range, exclude, count, ttl } = options;
  const wrong = (what: string, why: string) =>
    new PortForError("BAD_INPUT", `cannot give ${what}: ${why}`);
  if (port !== undefined && new Set(names).size > 1) {
    throw wrong(
      `port ${port} to ${names.length} names`,
      "a port belongs to one name",
    );
  }
  checkPorts(port, count);
  checkPorts(prefer, count);
  if (ttl !== undefined && !(ttl > 0 && ttl <= LONGEST_TTL)) {
    throw wrong(
      `a lease of ${ttl} s`,
      `not more than 0 s and at most a century`,
    );
  }
  if (typeof range === "string") parsePortRange(range);
  else if (range !== undefined) checkPortRange(range);
  if (exclude !== undefined) portSet(exclude);
  checkTypes(options);
}

/** Refuses wrong types: from plain JavaScript, "no" would count as true. */
function checkTypes(options: AssociateOptions): void {
  const { random, udp, reserve, allow, directory } = options;
  const wrong = (option: string, value: unknown, what: string) =>
    new PortForError(
      "BAD_INPUT",
      `cannot use ${shown(value)} for ${option}: it is not ${what}`,
    );
  const switches = Object.entries({ random, udp, reserve, allow });
  for (const [option, value] of switches) {
    if (value === undefined || typeof value === "boolean") continue;
    throw wrong(option, value, "true or false");
  }
  if (directory !== undefined && typeof directory !== "string") {
    throw wrong("directory", directory, "text");
  }
}

/**
 * Refuses a number that is not a port, or a count that is not a block of ports.
 *
 * @param port The first port, if it is known.
 * @param count How many ports, if given.
 * @throws {PortForError} `BAD_INPUT`.
 */
export function checkPorts(port?: number, count?: number): void {
  if (port !== undefined) checkPort(port, "give port");
  if (count === undefined) return;
  const wrong = (why: string) =>
    new PortForError(
      "BAD_INPUT",
      `cannot give ${count} ports (--count): ${why}`,
    );
  if (!isPort(count)) {
    throw wrong(`the count is not a whole number from 1 to ${MAX_PORT}`);
  }
  const last = (port ?? 1) + count - 1;
  if (last > MAX_PORT) {
    throw wrong(`from ${port} the last would be ${last}, above ${MAX_PORT}`);
  }
}
