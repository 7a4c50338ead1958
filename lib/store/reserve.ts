import { type Association, isExpired } from "../association.ts";
import { changeStore } from "./change.ts";
import type { Store } from "./store.ts";

/**
 * Restores reservations that the kernel or port-for's sysctl file has lost.
 *
 * @returns The associations that have reserved ports.
 * @throws {PortForError} As `PortStore.restoreReservations` does.
 */
export async function restoreReservations(
  store: Store,
): Promise<Association[]> {
  await changeStore(store, [], () => Promise.resolve(new Map()), true);
  const all = await (await store.place.read([])).all();
  return all.filter((one) => one.reserved !== undefined && !isExpired(one));
}
