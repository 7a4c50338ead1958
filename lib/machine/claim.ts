import { overlap, type PortRange, portsIn } from "../ports/port_range.ts";
import { PortSet } from "../ports/port_set.ts";

/** Ports that are promised to somebody on this machine, listening or not. */
export interface Claim {
  /** The ports, inclusive at both ends. */
  readonly ranges: readonly PortRange[];
  /** Where the promise stands. */
  readonly kind: "reserved ports" | "services file" | "socket unit" | "store";
  /** Who claims them: a service, a unit, a name; empty where nobody says. */
  readonly by: string;
  /** The same in words that go on "port 8100 is ...". */
  readonly text: string;
}

/** What a machine has promised to others. */
export interface Claims {
  /** The claims that a port of a range is in. */
  on(range: PortRange): readonly Claim[];
  /** All claims: to tell takes longer than to ask about one range. */
  all(): readonly Claim[];
}

/**
 * Whether a text may say one of these ports: who chooses has only one to ask
 * about, and reading all that a text says takes longer.
 */
export function mentions(text: string, range: PortRange): boolean {
  return portsIn(range).some((port) => text.includes(`${port}`));
}

/** Where nothing is promised to anybody. */
export const NO_CLAIMS: Claims = { on: () => [], all: () => [] };

/** All the ports of some claims. */
export function claimedPorts(claims: readonly Claim[]): PortSet {
  const ports = new PortSet();
  for (const { ranges } of claims) for (const range of ranges) ports.add(range);
  return ports;
}

/** Those of some claims that a port of a range is in. */
export function claimsIn(range: PortRange, claims: readonly Claim[]): Claim[] {
  return claims.filter(({ ranges }) =>
    ranges.some((claimed) => overlap(claimed, range))
  );
}
