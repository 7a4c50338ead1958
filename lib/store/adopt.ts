import {
  type Association,
  checkName,
  composedName,
  holdsPorts,
  portsOf,
} from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { View } from "../place.ts";
import { portsIn } from "../ports/port_range.ts";
import { setOf } from "../ports/port_set.ts";
import { checkPorts } from "./associate_options.ts";
import { changeStore } from "./change.ts";
import { liveIn, type Store } from "./store.ts";

/**
 * Imports associations from elsewhere: all or none. If there are too many for
 * one change of the place, all of them are checked first and then imported in
 * batches.
 *
 * @returns The ones that were new here.
 * @throws {PortForError} As `PortStore.adopt` does; then nothing has changed.
 */
export async function adopt(
  store: Store,
  associations: readonly Association[],
): Promise<Association[]> {
  const wanted = associations.map(composed);
  for (const { name, port, count } of wanted) {
    checkName(name);
    checkPorts(port, count);
  }
  const batched = batches(wanted, store.place.capacity ?? Infinity);
  if (batched.length > 1) {
    // A conflict in a later batch must be found before the first is written.
    const names = wanted.map(({ name }) => name);
    await refuseConflicts(await store.place.read(names), wanted);
  }
  const added: Association[] = [];
  for (const batch of batched) {
    let fresh: Association[] = [];
    await changeStore(store, batch.map(({ name }) => name), async (view) => {
      await refuseConflicts(view, batch);
      fresh = batch.filter(({ name }) => !liveIn(view, name));
      return new Map(fresh.map((one) => [one.name, one]));
    });
    added.push(...fresh);
  }
  return added;
}

function composed(association: Association): Association {
  return { ...association, name: composedName(association.name) };
}

/** Splits associations into batches that each fit in one change. */
function batches(
  associations: readonly Association[],
  capacity: number,
): Association[][] {
  const batched: Association[][] = [[]];
  let room = capacity;
  for (const association of associations) {
    const size = 2 + association.count;
    if (size > room && batched.at(-1)!.length > 0) {
      batched.push([]);
      room = capacity;
    }
    batched.at(-1)!.push(association);
    room -= size;
  }
  return batched;
}

async function refuseConflicts(
  view: View,
  associations: readonly Association[],
): Promise<void> {
  const ports = setOf(associations.map(portsOf));
  const holders = [
    ...await view.holders(ports),
    ...associations.flatMap(({ name }) => view.find(name) ?? []),
  ];
  const here = new Holders(holders.filter(holdsPorts), "here");
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

/** Looks associations up by name and by port. */
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

  /** Describes how `wanted` conflicts with them, if it does. */
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
