import { checkName, holdsPorts } from "../association.ts";
import type { View } from "../place.ts";
import { changeStore } from "./change.ts";
import type { Store } from "./store.ts";

/** A name that had no port in the store itself. */
export interface WithoutPort {
  /** The name. */
  readonly name: string;
  /** The layer that gives it one, if any. */
  readonly layer?: string;
}

/**
 * Makes names give up their ports.
 *
 * @param directory The checkout that they belong to, if any.
 * @returns The names among them that had none.
 * @throws {PortForError} As `PortStore.release` does; then nothing has changed.
 */
export async function release(
  store: Store,
  names: readonly string[],
  directory?: string,
): Promise<WithoutPort[]> {
  for (const name of names) checkName(name, directory);
  const view = await store.place.read(names);
  view.refuseProblems();
  let without = namesWithout(view, names);
  // With nothing to release, no lock is needed.
  const isNow = view.old === undefined;
  if (isNow && without.length === names.length) return without;
  await changeStore(store, names, (view) => {
    // Only names that had none at first: on a retry, our own release may be
    // visible.
    without = namesWithout(view, without.map(({ name }) => name));
    const own = names.filter((name) => !view.find(name)?.layer);
    return Promise.resolve(new Map(own.map((name) => [name, undefined])));
  });
  return without;
}

function namesWithout(view: View, names: readonly string[]): WithoutPort[] {
  return names.filter((name) => !holds(view, name)).map((name) => {
    const layer = view.find(name)?.layer;
    return layer === undefined ? { name } : { name, layer };
  });
}

/** Whether a name holds a port in the store itself. */
function holds(view: View, name: string): boolean {
  const association = view.find(name);
  return association !== undefined && !association.layer &&
    holdsPorts(association);
}
