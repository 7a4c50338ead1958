import { type PortSet, setOf } from "../ports/port_set.ts";
import { type Association, portsOf } from "../association.ts";

/** The ports that a store records as reserved. */
export interface ReservedPorts {
  /** Those that port-for added to the running kernel's list. */
  readonly kernel: PortSet;
  /** Those that port-for's sysctl file must have: all of them. */
  readonly file: PortSet;
}

/** The ports that associations record as reserved. */
export function reservedPorts(
  associations: readonly Association[],
): ReservedPorts {
  const of = (...kinds: Association["reserved"][]) =>
    setOf(
      associations
        .filter(({ reserved, layer }) => !layer && kinds.includes(reserved))
        .map(portsOf),
    );
  return { kernel: of("kernel"), file: of("kernel", "file") };
}
