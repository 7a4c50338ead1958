import { type Association, isExpired, portsOf } from "../association.ts";
import { isSurelyGone } from "../machine/folders.ts";
import { Prober } from "../machine/probe.ts";
import { portsIn } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { changeStore } from "./change.ts";
import type { Store } from "./store.ts";

/** An association that was dropped, and why. */
export interface Pruned {
  /** The association. */
  readonly association: Association;
  /** Why it is no longer needed. */
  readonly reason: string;
}

/**
 * Drops what is no longer needed: leases that have ended, and names whose
 * directory is surely gone and on whose ports nobody listens.
 *
 * @throws {PortForError} As `PortStore.prune` does; then nothing has changed.
 */
export async function prune(store: Store): Promise<Pruned[]> {
  // Checked before the lock is taken: a hung file system must not block others.
  const all = await (await store.place.read([])).all();
  const gone = await abandoned(all, store.runtime);
  if (gone.size === 0 && !all.some((one) => isExpired(one) && !one.layer)) {
    return [];
  }
  let dropped: Pruned[] = [];
  await changeStore(store, [], async (view) => {
    dropped = (await view.all()).flatMap((association) => {
      const reason = reasonToDrop(association, gone);
      return reason === undefined ? [] : [{ association, reason }];
    });
    const names = dropped.map(({ association }) => association.name);
    return new Map(names.map((name) => [name, undefined]));
  });
  return dropped;
}

/** The directories that are surely gone and whose ports are not in use. */
async function abandoned(
  all: readonly Association[],
  runtime: Runtime,
): Promise<Set<string>> {
  const directories = Map.groupBy(all, ({ directory }) => directory);
  directories.delete(undefined);
  const gone = new Set<string>();
  const prober = new Prober(runtime);
  for (const [directory, associations] of directories) {
    if (!isSurelyGone(directory!, runtime)) continue;
    if (await isAnyInUse(associations, prober)) continue;
    gone.add(directory!);
  }
  return gone;
}

async function isAnyInUse(
  associations: readonly Association[],
  prober: Prober,
): Promise<boolean> {
  for (const port of associations.flatMap((one) => portsIn(portsOf(one)))) {
    if (await prober.verdict(port) === "held") return true;
  }
  return false;
}

/** Why an association can be dropped; `undefined` if it must stay. */
function reasonToDrop(
  association: Association,
  gone: ReadonlySet<string>,
): string | undefined {
  const { expires, directory, layer } = association;
  if (layer) return undefined;
  if (isExpired(association)) {
    return `its lease ended at ${expires!.toISOString()}`;
  }
  return directory !== undefined && gone.has(directory)
    ? `${directory} is gone`
    : undefined;
}
