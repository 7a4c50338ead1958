import { ASSIGNED, UNCLAIMED_RUNS, WELL_KNOWN } from "../../data/ranges.ts";
import { MAX_PORT, type PortRange } from "./port_range.ts";
import { PortSet } from "./port_set.ts";

/**
 * Where Kubernetes (NodePorts) and Docker Swarm publish services by default.
 * Ports of the Wikipedia list in this range count as published, too.
 */
export const PUBLISHED_RANGE: PortRange = { first: 30000, last: 32767 };

let assigned: PortSet | undefined;
let wellKnown: PortSet | undefined;
let unclaimed: PortSet | undefined;

/**
 * The ports that are in the IANA registry for at least one transport. Reserved
 * counts as assigned. Cached: do not modify the result.
 */
export function assignedPorts(): PortSet {
  return assigned ??= portsIn(ASSIGNED);
}

/**
 * The ports that are unofficial but in wide use over TCP according to the
 * Wikipedia list, and those on which orchestrators publish services. Cached: do
 * not modify the result.
 */
export function wellKnownPorts(): PortSet {
  return wellKnown ??= portsIn(WELL_KNOWN);
}

/**
 * The ports from 1 to 65535 that are neither assigned nor well known. Cached:
 * do not modify the result.
 */
export function unclaimedPorts(): PortSet {
  return unclaimed ??= new PortSet()
    .add({ first: 1, last: MAX_PORT })
    .deleteAll(assignedPorts())
    .deleteAll(wellKnownPorts());
}

/**
 * The runs of ports neither assigned nor well known that are long enough to be
 * good ranges, ascending.
 */
export function unclaimedRuns(): PortRange[] {
  const runs: PortRange[] = [];
  for (let at = 0; at < UNCLAIMED_RUNS.length; at += 2) {
    runs.push({ first: UNCLAIMED_RUNS[at]!, last: UNCLAIMED_RUNS[at + 1]! });
  }
  return runs;
}

/**
 * Parses the format of data/ranges.ts: `7 9 20-25`, separated by white space.
 */
function portsIn(text: string): PortSet {
  const ports = new PortSet();
  for (const range of text.trim().split(/\s/)) {
    const [first, last = first] = range.split("-");
    ports.add({ first: Number(first), last: Number(last) });
  }
  return ports;
}
