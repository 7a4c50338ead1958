import { type PortSet, setOf } from "../ports/port_set.ts";
import { type Association, portsOf } from "../association.ts";

/** Ports that a store notes as reserved, by what port-for told of them. */
export interface ReservedPorts {
  /** Those that it told the running kernel of. */
  readonly kernel: PortSet;
  /** Those that its sysctl file is to keep: all. */
  readonly file: PortSet;
}

/** The ports that associations note as reserved. */
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
