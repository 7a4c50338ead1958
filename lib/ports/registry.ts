import { ASSIGNED, WELL_KNOWN } from "../../data/ranges.ts";
import { PortSet } from "./port_set.ts";

let assigned: PortSet | undefined;
let wellKnown: PortSet | undefined;

/**
 * The ports that are in the IANA registry for at least one transport.
 * Reserved counts as assigned. Not to be changed by the caller.
 */
export function assignedPorts(): PortSet {
  return assigned ??= portsIn(ASSIGNED);
}

/**
 * The ports that are unofficial but in wide use over TCP, by the Wikipedia
 * list. Not to be changed by the caller.
 */
export function wellKnownPorts(): PortSet {
  return wellKnown ??= portsIn(WELL_KNOWN);
}

/** Reads the form of data/ranges.ts: `7 9 20-25`, separated by white space. */
function portsIn(text: string): PortSet {
  const ports = new PortSet();
  for (const [, first, last] of text.matchAll(/(\d+)(?:-(\d+))?/g)) {
    ports.add({ first: Number(first), last: Number(last ?? first) });
  }
  return ports;
}
