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
  /** This very port, 1-65535, even if it is not a good one; the first of a block. */
  readonly port?: number;
  /**
   * This port if it is free and promised to nobody, 1-65535; the first of
   * a block. Else it is chosen as without this.
   */
  readonly prefer?: number;
  /** Choose only in this range: `"20000-29999"` or its ends. */
  readonly range?: PortRange | string;
  /** Do not choose one of these. */
  readonly exclude?: Ports;
  /** Choose at random instead of by the name. */
  readonly random?: boolean;
  /** Ask that the UDP port be free too. */
  readonly udp?: boolean;
  /** How many consecutive ports the name is to hold, 1-65535. By default 1. */
  readonly count?: number;
  /**
   * Make it a lease that ends after this many seconds, more than 0; each call
   * with it renews the lease. By default an association is for good.
   */
  readonly ttl?: number;
  /**
   * Tell the Linux kernel to keep the ports out of its ephemeral range, now and
   * after a reboot; ports in that range are then taken where no other is left.
   */
  readonly reserve?: boolean;
  /** The directory that the name belongs to: `prune` drops it with that. */
  readonly directory?: string;
  /** Somebody knows that the port is not a good one: checks leave it alone. */
  readonly allow?: boolean;
}

/**
 * Refuses options that cannot be meant.
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

/** Refuses what would be written as it is, or would count as yes. */
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
 * Refuses what is no port, or no block of ports.
 *
 * @param port The first port, if it is known.
 * @param count How many there are to be, if that is said.
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
