import { type Association, isExpired } from "../association.ts";
import { isFolder } from "../runtime/presence.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { changeStore } from "./change.ts";
import type { Store } from "./store.ts";

/** An association that was dropped, and why. */
export interface Pruned {
  /** What it was. */
  readonly association: Association;
  /** Why it is no longer needed. */
  readonly reason: string;
}

/**
 * Drops what is no longer needed: leases that have ended, and names whose
 * directory is gone.
 *
 * @throws {PortForError} As `PortStore.prune` does. Nothing is changed then.
 */
export async function prune(store: Store): Promise<Pruned[]> {
  let dropped: Pruned[] = [];
  await changeStore(store, [], async (view) => {
    dropped = (await view.all()).flatMap((association) => {
      const reason = reasonToDrop(association, store.runtime);
      return reason === undefined ? [] : [{ association, reason }];
    });
    const names = dropped.map(({ association }) => association.name);
    return new Map(names.map((name) => [name, undefined]));
  });
  return dropped;
}

/** Why an association is no longer needed, if it is not. */
function reasonToDrop(
  association: Association,
  runtime: Runtime,
): string | undefined {
  const { expires, directory } = association;
  if (isExpired(association)) {
    return `its lease ended at ${expires!.toISOString()}`;
  }
  const gone = directory !== undefined && !isFolder(directory, runtime);
  return gone ? `${directory} is gone` : undefined;
}
