import {
  type Association,
  checkName,
  holdsPorts,
  portsOf,
} from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { View } from "../place.ts";
import { overlap } from "../ports/port_range.ts";
import { checkPorts } from "./associate_options.ts";
import { changeStore } from "./change.ts";
import { liveIn, type Store } from "./store.ts";

/**
 * Takes over associations from elsewhere: all, or none.
 *
 * @returns Those that were not here already.
 * @throws {PortForError} As `PortStore.adopt` does. Nothing is changed then.
 */
export async function adopt(
  store: Store,
  associations: readonly Association[],
): Promise<Association[]> {
  for (const { name, port, count } of associations) {
    checkName(name);
    checkPorts(port, count);
  }
  const names = associations.map(({ name }) => name);
  let added: Association[] = [];
  await changeStore(store, names, async (view) => {
    await refuseConflicts(view, associations);
    added = associations.filter(({ name }) => !liveIn(view, name));
    return new Map(added.map((one) => [one.name, one]));
  });
  return added;
}

async function refuseConflicts(
  view: View,
  associations: readonly Association[],
): Promise<void> {
  const all = await view.all();
  const conflicts = associations.flatMap((association, at) =>
    conflictWith(all, "here", association) ??
      conflictWith(associations.slice(0, at), "there", association) ?? []
  );
  if (conflicts.length === 0) return;
  throw new PortForError(
    "PORT_TAKEN",
    `cannot import: ${conflicts.join("; ")} (change either side; nothing was ` +
      `imported)`,
  );
}

/** What among other associations contradicts one, if anything does. */
function conflictWith(
  others: readonly Association[],
  where: "here" | "there",
  wanted: Association,
): string | undefined {
  const name = quoted(wanted.name);
  for (const other of others) {
    if (!holdsPorts(other)) continue;
    if (other.name === wanted.name) {
      if (other.port === wanted.port) continue;
      return `${name} has port ${other.port} ${where} and ${wanted.port} there`;
    }
    if (overlap(portsOf(other), portsOf(wanted))) {
      return `port ${wanted.port} of ${name} belongs to ` +
        `${quoted(other.name)} ${where}`;
    }
  }
  return undefined;
}
