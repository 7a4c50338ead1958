import { overlap, type PortRange, portsIn } from "../ports/port_range.ts";
import { PortSet } from "../ports/port_set.ts";

/** Ports that are promised to something on this machine, listening or not. */
export interface Claim {
  /** The ports, inclusive at both ends. */
  readonly ranges: readonly PortRange[];
  /** Where the claim comes from. */
  readonly kind: "reserved ports" | "services file" | "socket unit" | "store";
  /** What claims them: a service, a unit or a name; empty if unknown. */
  readonly by: string;
  /** The same as the end of a sentence: "port 8100 is ...". */
  readonly text: string;
}

/** The claims on a machine. */
export interface Claims {
  /** The claims on any port in a range. */
  on(range: PortRange): readonly Claim[];
  /** All claims. Slower than asking about one range. */
  all(): readonly Claim[];
}

/**
 * Whether a text may mention one of these ports. Choosing asks about one port
 * at a time, and this is much quicker than parsing the text.
 */
export function mentions(text: string, range: PortRange): boolean {
  return portsIn(range).some((port) => text.includes(`${port}`));
}

/** No claims at all. */
export const NO_CLAIMS: Claims = { on: () => [], all: () => [] };

/** All the ports of some claims. */
export function claimedPorts(claims: readonly Claim[]): PortSet {
  const ports = new PortSet();
  for (const { ranges } of claims) for (const range of ranges) ports.add(range);
  return ports;
}

/** The claims among these on any port in a range. */
export function claimsIn(range: PortRange, claims: readonly Claim[]): Claim[] {
  return claims.filter(({ ranges }) =>
    ranges.some((claimed) => overlap(claimed, range))
  );
}
