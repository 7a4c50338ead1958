import type { Association } from "../association.ts";
import type { Reservations } from "../kernel/reservations.ts";
import { type ReservedPorts, reservedPorts } from "../kernel/reserved_ports.ts";
import { readOwnSysctlFile } from "../kernel/sysctl_files.ts";
import type { Change, Changes, View } from "../place.ts";
import type { Store } from "./store.ts";

/**
 * Changes a store, and what is reserved in the kernel with it.
 *
 * @param names The names that the change is about.
 * @param step Says what is to become of which names.
 * @param reserve Whether ports are to be reserved; then whatever is noted as
 * reserved in the store, but is not, is put right as well.
 */
export async function changeStore(
  store: Store,
  names: readonly string[],
  step: (
    view: View,
    reservations: Reservations | undefined,
  ) => Promise<Changes>,
  reserve = false,
): Promise<void> {
  const { place, wait, mayBlock, runtime } = store;
  let reservations: Reservations | undefined;
  const open = async (source: string) => {
    // Few calls reserve: the others do not load what that takes.
    const { Reservations } = await import("../kernel/reservations.ts");
    return reservations ??= await Reservations.open(
      source,
      { wait, mayBlock },
      runtime,
    );
  };
  try {
    await place.change(names, async (view): Promise<Change> => {
      if (reserve) await open(view.source);
      const changes = await step(view, reservations);
      const concerned = reserve ||
        [...changes.keys()].some((name) => view.find(name)?.reserved);
      if (!concerned && !isCutShort(store)) return { changes };
      const all = await view.all();
      const before = reservedPorts(all);
      const after = reservedPorts(lastingOnes(all, changes));
      if (!concerned) {
        return { changes, prepare: await finishing(open, view, before, after) };
      }
      if (!reserve && after.file.hasAll(before.file)) return { changes };
      const opened = await open(view.source);
      return {
        changes,
        prepare: () => opened.change(before, after, reserve),
        undo: () => opened.undo(),
      };
    });
  } finally {
    reservations?.close();
  }
}

/** Whether a change of what is reserved on this machine was cut short. */
function isCutShort({ place, runtime }: Store): boolean {
  if (place.source() === undefined || runtime.os !== "linux") return false;
  try {
    return readOwnSysctlFile(runtime).unfinished !== undefined;
  } catch {
    // Not for this user to read: then it is not for them to mend, either.
    return false;
  }
}

/**
 * What finishes such a change, as far as this user may: a call that is not
 * about it must not fail for it.
 */
async function finishing(
  open: (source: string) => Promise<Reservations>,
  { source }: View,
  before: ReservedPorts,
  after: ReservedPorts,
): Promise<() => void> {
  try {
    const reservations = await open(source);
    return () => {
      try {
        reservations.change(before, after, false);
      } catch {
        reservations.undo();
      }
    };
  } catch {
    return () => {};
  }
}

/** The associations as they are after a change. */
function lastingOnes(
  all: readonly Association[],
  changes: Changes,
): Association[] {
  const after = new Map([
    ...all.map((association) => [association.name, association] as const),
    ...changes,
  ]);
  return [...after.values()].filter((association) => association !== undefined);
}
