import type { Association } from "../association.ts";
import type { Reservations } from "../kernel/reservations.ts";
import { type ReservedPorts, reservedPorts } from "../kernel/reserved_ports.ts";
import { readOwnSysctlFile } from "../kernel/sysctl_files.ts";
import type { Change, Changes, View } from "../place.ts";
import type { Store } from "./store.ts";

/**
 * Changes a store, along with the ports reserved in the kernel.
 *
 * @param names The names that the change is about.
 * @param step Computes the changes.
 * @param reserve Whether to reserve ports. This also restores reservations that
 * the store records but the kernel or the sysctl file has lost.
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
    // Few calls reserve ports; the others need not load this.
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
      const after = reservedPorts(associationsAfter(all, changes));
      if (!concerned) {
        return { changes, prepare: await repair(open, view, before, after) };
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

/** Whether an earlier change of this machine's reservations was cut short. */
function isCutShort({ place, runtime }: Store): boolean {
  if (place.source() === undefined || runtime.os !== "linux") return false;
  try {
    return readOwnSysctlFile(runtime).unfinished !== undefined;
  } catch {
    // A user who may not read the file cannot repair it either.
    return false;
  }
}

/**
 * Returns a step that finishes a change that was cut short, if this user may: a
 * call about something else must not fail because of it.
 */
async function repair(
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

/** All associations as they will be after the change. */
function associationsAfter(
  all: readonly Association[],
  changes: Changes,
): Association[] {
  const after = new Map([
    ...all.map((association) => [association.name, association] as const),
    ...changes,
  ]);
  return [...after.values()].filter((association) => association !== undefined);
}
