import { PortForError, quoted } from "../error.ts";
import { Chooser } from "../machine/choose.ts";
import { overlap, parsePortRange } from "../ports/port_range.ts";
import { type PortSet, portSet, setOf } from "../ports/port_set.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { AssociateOptions } from "./associate_options.ts";
import {
  type Association,
  holdsPorts,
  isExpired,
  portsOf,
} from "../association.ts";
import {
  type Changes,
  editDocument,
  EditError,
} from "../toml/document_edit.ts";
import { isRenewedBy, leasedFor } from "./lease.ts";
import type { Reservations } from "../kernel/reservations.ts";
import { noteReservation, reservedPorts } from "../kernel/reserved_ports.ts";
import { isFolder } from "../runtime/presence.ts";
import {
  createFolderOf,
  type StoreChange,
  updateStore,
} from "../disk/file_place.ts";
import { refuseOther, StoreView } from "../disk/store_view.ts";

/** A store that is to be changed, and how. */
export interface StoreToChange {
  /** The path of its file. */
  readonly path: string;
  /** How long to wait for other writers, in seconds. */
  readonly wait: number;
  /** Create its folder where there is none. */
  readonly createFolder: boolean;
  /** Takes messages that are no errors. */
  readonly warn: (message: string) => void;
  /** The machine that it is on. */
  readonly runtime: Runtime;
}

/** An association that was dropped, and why. */
export interface Pruned {
  /** What it was. */
  readonly association: Association;
  /** Why it is no longer needed. */
  readonly reason: string;
}

/** Makes the associations of names, or renews them, under the store's lock. */
export async function associateNames(
  store: StoreToChange,
  names: readonly string[],
  options: AssociateOptions,
): Promise<Association[]> {
  let result: Association[] = [];
  let warnings = async (): Promise<void> => {};
  await changeStore(store, async (view, reservations) => {
    const chooser = chooserFor(store, view, options);
    const changes = new Map<string, Association>();
    const added: Association[] = [];
    const held = heldPorts(view);
    for (const name of names) {
      if (changes.has(name)) continue;
      const there = view.find(name, options) ??
        reservedLease(view, name, options);
      const association = there ??
        await newAssociation(view, name, options, chooser, held);
      const leased = !there || isExpired(there) ||
          isRenewedBy(options.ttl, there)
        ? leasedFor(options.ttl, withoutLease(association))
        : there;
      const wanted = noteReservation(leased, reservations);
      if (wanted !== there) changes.set(name, wanted);
      if (!there) added.push(wanted);
      held.add(portsOf(association));
    }
    result = names.map((name) => changes.get(name) ?? view.live(name)!);
    warnings = () => warnOfObjections(store, chooser, options, added);
    return changes;
  }, options.reserve);
  // The lock is free again, and the choice is made: it only has to be known.
  await warnings();
  return result;
}

/** Takes the associations of names away. Returns the names that had none. */
export async function releaseNames(
  store: StoreToChange,
  names: readonly string[],
): Promise<string[]> {
  let without: string[] = [];
  await changeStore(store, (view) => {
    without = names.filter((name) => !view.holds(name));
    return Promise.resolve(new Map(names.map((name) => [name, undefined])));
  });
  return without;
}

/** Drops leases that have ended, and names whose directory is gone. */
export async function pruneStore(store: StoreToChange): Promise<Pruned[]> {
  let dropped: Pruned[] = [];
  await changeStore(store, (view) => {
    dropped = view.all.flatMap((association) => {
      const reason = reasonToDrop(association, store.runtime);
      return reason === undefined ? [] : [{ association, reason }];
    });
    const names = dropped.map(({ association }) => association.name);
    return Promise.resolve(new Map(names.map((name) => [name, undefined])));
  });
  return dropped;
}

/** Takes over associations, all or none. Returns those that were not here. */
export async function adoptAssociations(
  store: StoreToChange,
  associations: readonly Association[],
): Promise<Association[]> {
  let added: Association[] = [];
  await changeStore(store, (view) => {
    refuseConflicts(view, associations);
    added = associations.filter(({ name }) => !view.live(name));
    return Promise.resolve(new Map(added.map((one) => [one.name, one])));
  });
  return added;
}

/** Puts right what is reserved but is not in the kernel or its file any more. */
export async function restoreReservations(store: StoreToChange): Promise<void> {
  await changeStore(store, () => Promise.resolve(new Map()), true);
}

/**
 * Changes the store, and what is reserved in the kernel with it.
 *
 * @param change Says what is to become of which names.
 * @param reserve Whether ports are to be reserved; then whatever is noted as
 * reserved in the store, but is not, is put right as well.
 */
async function changeStore(
  { path, wait, createFolder, runtime }: StoreToChange,
  change: (
    view: StoreView,
    reservations: Reservations | undefined,
  ) => Promise<Changes>,
  reserve = false,
): Promise<void> {
  if (createFolder) createFolderOf(path, runtime);
  let reservations: Reservations | undefined;
  const openReservations = async (real: string) => {
    // Few calls reserve: the others do not load what that takes.
    const { Reservations } = await import("../kernel/reservations.ts");
    return reservations ??= await Reservations.open(real, wait, runtime);
  };
  try {
    await updateStore(path, wait, runtime, async (text, real) => {
      const view = new StoreView(path, text);
      view.refuseProblems();
      if (reserve) await openReservations(real);
      const changes = new Map(await change(view, reservations));
      const before = reservedPorts(view.all);
      const edited = { text: editedText(path, view, changes) };
      if (!reserve && before.file.isEmpty) return edited;
      const after = reservedPorts(lastingOnes(view, changes));
      if (!reserve && after.file.hasAll(before.file)) return edited;
      const opened = await openReservations(real);
      return {
        ...edited,
        prepare: () => opened.change(before, after, reserve),
        undo: () => opened.undo(),
      };
    });
  } finally {
    reservations?.close();
  }
}

/** The text with changes made; leases that have ended leave it with them. */
function editedText(
  path: string,
  view: StoreView,
  changes: Map<string, Association | undefined>,
): StoreChange["text"] {
  if (changes.size === 0) return undefined;
  for (const association of view.all) {
    const { name, reserved } = association;
    // To end a reservation takes the right to, and a call that is about it.
    if (isExpired(association) && !reserved && !changes.has(name)) {
      changes.set(name, undefined);
    }
  }
  try {
    const edited = editDocument(view.document, changes);
    new StoreView(path, edited).refuseProblems();
    return edited;
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    throw new PortForError(
      "STORE_INVALID",
      `cannot change ${path} without touching what is not port-for's: ` +
        `${error.message} (write [ports] as a table with one line for each ` +
        `name)`,
    );
  }
}

/** The associations as they are after a change. */
function lastingOnes(view: StoreView, changes: Changes): Association[] {
  const after = new Map([...view.document.associations, ...changes]);
  return [...after.values()].filter((association) => association !== undefined);
}

/** What a call leaves open is as the policy of the store wants it. */
function chooserFor(
  { path, warn, runtime }: StoreToChange,
  { document: { policy } }: StoreView,
  { range, exclude, random, udp, count, reserve }: AssociateOptions,
): Chooser {
  const policyName = `the [policy] of ${path}`;
  const chooser = new Chooser({
    range: typeof range === "string"
      ? parsePortRange(range)
      : range ?? policy.range,
    ...(range === undefined ? { rangeName: policyName } : {}),
    exclude: exclude === undefined ? policy.exclude : portSet(exclude),
    ...(exclude === undefined ? { excludeName: policyName } : {}),
    random: random ?? false,
    udp: udp ?? false,
    count: count ?? 1,
    reserve: reserve ?? false,
  }, runtime);
  if (chooser.ephemeral.warning) warn(chooser.ephemeral.warning);
  return chooser;
}

async function newAssociation(
  view: StoreView,
  name: string,
  { port, count = 1, directory }: AssociateOptions,
  chooser: Chooser,
  held: PortSet,
): Promise<Association> {
  if (port !== undefined) refuseHeld(view, name, port, count);
  return {
    name,
    port: port ?? await chooser.choose(name, held),
    count,
    ...(directory === undefined ? {} : { directory }),
  };
}

/**
 * A lease of this name that has ended, but whose ports are still reserved: it
 * goes on, for to choose other ports would leave those reserved for nobody.
 */
function reservedLease(
  view: StoreView,
  name: string,
  options: AssociateOptions,
): Association | undefined {
  const association = view.document.associations.get(name);
  if (!association?.reserved) return undefined;
  refuseOther(association, options);
  // Somebody may have given its ports to another name by hand.
  refuseHeld(view, name, association.port, association.count);
  return association;
}

function withoutLease({ expires: _, ...rest }: Association): Association {
  return rest;
}

/** What speaks against ports that the caller gave; it is only said. */
async function warnOfObjections(
  { warn }: StoreToChange,
  chooser: Chooser,
  { port }: AssociateOptions,
  added: readonly Association[],
): Promise<void> {
  if (port === undefined) return;
  for (const one of setOf(added.map(portsOf))) {
    const objections = await chooser.objections(one);
    if (objections.length > 0) warn(`port ${one} is ${objections.join(", ")}`);
  }
}

/** The ports that are nobody's to take. */
function heldPorts(view: StoreView): PortSet {
  return setOf(view.all.filter(holdsPorts).map(portsOf));
}

function refuseHeld(
  view: StoreView,
  name: string,
  port: number,
  count: number,
): void {
  const wanted = { first: port, last: port + count - 1 };
  for (const association of view.all) {
    const held = portsOf(association);
    if (association.name === name || !holdsPorts(association)) continue;
    if (!overlap(wanted, held)) continue;
    const taken = Math.max(wanted.first, held.first);
    throw new PortForError(
      "PORT_TAKEN",
      `cannot associate ${quoted(name)} with port ${taken}: it belongs to ` +
        `${quoted(association.name)} (choose another port, or take it away ` +
        `from there with --unbind)`,
    );
  }
}

function refuseConflicts(
  view: StoreView,
  associations: readonly Association[],
): void {
  const conflicts = associations.flatMap((association, at) =>
    conflictWith(view.all, "here", association) ??
      conflictWith(associations.slice(0, at), "there", association) ?? []
  );
  if (conflicts.length === 0) return;
  throw new PortForError(
    "PORT_TAKEN",
    `cannot import: ${conflicts.join("; ")} (change either side; nothing was ` +
      `imported)`,
  );
}

/** What among other associations speaks against one, if anything does. */
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
