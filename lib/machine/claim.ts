import { inRanges, type PortRange } from "../ports/port_range.ts";
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

/** All the ports of some claims. */
export function claimedPorts(claims: readonly Claim[]): PortSet {
  const ports = new PortSet();
  for (const { ranges } of claims) for (const range of ranges) ports.add(range);
  return ports;
}

/** The claims that a port is in. */
export function claimsOn(port: number, claims: readonly Claim[]): Claim[] {
  return claims.filter(({ ranges }) => inRanges(port, ranges));
}
