import { PortSet, setOf } from "../ports/port_set.ts";
import { type Association, portsOf } from "./association.ts";
import type { Reservations } from "./reservations.ts";
import type { StoreChange } from "./store_update.ts";

/** Ports that port-for has reserved, by what it told of them. */
export interface ReservedPorts {
  /** Those that it told the running kernel of. */
  readonly kernel: PortSet;
  /** Those that are in its sysctl file: all. */
  readonly file: PortSet;
}

/** The ports that associations note as reserved. */
export function reservedPorts(
  associations: readonly Association[],
): ReservedPorts {
  const of = (...kinds: Association["reserved"][]) =>
    setOf(
      associations.filter(({ reserved }) => kinds.includes(reserved))
        .map(portsOf),
    );
  return { kernel: of("kernel"), file: of("kernel", "file") };
}

/** The reserved ports of `before` that are none of `after`. */
export function endingPorts(
  before: ReservedPorts,
  after: ReservedPorts,
): ReservedPorts {
  return {
    kernel: new PortSet(before.kernel).deleteAll(after.kernel),
    file: new PortSet(before.file).deleteAll(after.file),
  };
}

/** The association with a note of what has to be reserved for it. */
export function noteReservation(
  association: Association,
  reservations: Reservations | undefined,
): Association {
  if (!reservations || association.reserved) return association;
  const reserved = reservations.toAdd(setOf([portsOf(association)]));
  return reserved ? { ...association, reserved } : association;
}

/**
 * What is added is told to the kernel after the store is written, what is taken
 * away before: a reservation that the store does not know would stay for ever.
 */
export function reservationSteps(
  reservations: Reservations,
  ending: ReservedPorts,
  toAdd: PortSet,
): Pick<StoreChange, "prepare" | "complete" | "undo"> {
  return {
    prepare: () => reservations.remove(ending.kernel, ending.file),
    complete: () => reservations.add(toAdd),
    undo: () => reservations.undo(),
  };
}
