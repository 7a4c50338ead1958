import {
  type Association,
  checkName,
  holdsPorts,
  portsOf,
} from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { View } from "../place.ts";
import { portsIn } from "../ports/port_range.ts";
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
  const here = new Holders((await view.all()).filter(holdsPorts), "here");
  const there = new Holders([], "there");
  const conflicts = associations.flatMap((association) => {
    const conflict = here.conflict(association) ?? there.conflict(association);
    there.add(association);
    return conflict ?? [];
  });
  if (conflicts.length === 0) return;
  throw new PortForError(
    "PORT_TAKEN",
    `cannot import: ${conflicts.join("; ")} (change either side; nothing was ` +
      `imported)`,
  );
}

/** Which of some associations has a name, and which a port. */
class Holders {
  readonly #where: "here" | "there";
  readonly #byName = new Map<string, Association>();
  readonly #byPort = new Map<number, Association>();

  constructor(associations: readonly Association[], where: "here" | "there") {
    this.#where = where;
    for (const association of associations) this.add(association);
  }

  add(association: Association): void {
    this.#byName.set(association.name, association);
    for (const port of portsIn(portsOf(association))) {
      this.#byPort.set(port, association);
    }
  }

  /** What among them contradicts another association, if anything does. */
  conflict(wanted: Association): string | undefined {
    const name = quoted(wanted.name);
    const same = this.#byName.get(wanted.name);
    if (same && same.port !== wanted.port) {
      return `${name} has port ${same.port} ${this.#where} and ` +
        `${wanted.port} there`;
    }
    for (const port of portsIn(portsOf(wanted))) {
      const other = this.#byPort.get(port);
      if (!other || other.name === wanted.name) continue;
      return `port ${port} of ${name} belongs to ${quoted(other.name)} ` +
        this.#where;
    }
    return undefined;
  }
}
