import { checkName, holdsPorts } from "../association.ts";
import type { View } from "../place.ts";
import { changeStore } from "./change.ts";
import type { Store } from "./store.ts";

/**
 * Has names give up their ports.
 *
 * @param directory The checkout that they belong to, if they do.
 * @returns The names among them that had none.
 * @throws {PortForError} As `PortStore.release` does. Nothing is changed then.
 */
export async function release(
  store: Store,
  names: readonly string[],
  directory?: string,
): Promise<string[]> {
  for (const name of names) checkName(name, directory);
  const view = await store.place.read(names);
  view.refuseProblems();
  // Where there is nothing to take away, nothing needs to be locked.
  if (!names.some((name) => holds(view, name))) return [...names];
  let without = names;
  await changeStore(store, names, (view) => {
    // Where it had something at first, another look finds that taken away.
    without = without.filter((name) => !holds(view, name));
    const own = names.filter((name) => !view.find(name)?.layer);
    return Promise.resolve(new Map(own.map((name) => [name, undefined])));
  });
  return [...without];
}

/** Whether a name has anything to take away. */
function holds(view: View, name: string): boolean {
  const association = view.find(name);
  return association !== undefined && !association.layer &&
    holdsPorts(association);
}
