import {
  type Association,
  checkName,
  holdsPorts,
  isBeforeRelease,
  isExpired,
  portsOf,
} from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { Claims } from "../machine/claim.ts";
import { Chooser, type HeldPorts } from "../machine/choose.ts";
import type { View } from "../place.ts";
import { parsePortRange, portsIn } from "../ports/port_range.ts";
import { type PortSet, portSet, setOf } from "../ports/port_set.ts";
import { type AssociateOptions, checkOptions } from "./associate_options.ts";
import { MachineClaims } from "./claims.ts";
import { changeStore } from "./change.ts";
import { isRenewedBy, leasedFor } from "./lease.ts";
import { refuseHeld, refuseOther } from "./refusals.ts";
import { liveIn, type Store } from "./store.ts";

/** A name, and how to choose its port if it has none yet. */
export interface Request {
  /** The name: see `checkName` for what is valid. */
  readonly name: string;
  /** How to give it its port. */
  readonly options: AssociateOptions;
  /** Where `range` comes from, for messages, if not from the command line. */
  readonly rangeName?: string;
}

/**
 * Returns the associations of names. Missing ones are made and leases are
 * renewed first: all of them or none.
 *
 * @returns One for each name, in the same order.
 * @throws {PortForError} As `PortStore.ensure` does; then nothing has changed.
 */
export function associate(
  store: Store,
  names: readonly string[],
  options: AssociateOptions = {},
): Promise<Association[]> {
  checkOptions(names, options);
  return associateEach(store, names.map((name) => ({ name, options })));
}

/** Like `associate`, with options for each name. */
export async function associateEach(
  store: Store,
  requests: readonly Request[],
): Promise<Association[]> {
  for (const { name, options } of requests) {
    checkName(name, options.directory);
    checkOptions([name], options);
    if (options.ttl === undefined) continue;
    refuseWrongClock();
    refuseShort(options.ttl, store);
  }
  const associations = await known(store, requests) ??
    await associated(store, requests);
  warnOfIgnoredTtl(store, requests, associations);
  return associations;
}

/**
 * The associations, if every name has one and nothing needs to be written: a
 * plain lookup takes no lock and needs no write permission.
 */
async function known(
  store: Store,
  requests: readonly Request[],
): Promise<Association[] | undefined> {
  if (requests.some(({ options }) => options.reserve)) return undefined;
  const { place } = store;
  const view = await place.read(requests.map(({ name }) => name));
  const known: Association[] = [];
  for (const { name, options } of requests) {
    const association = liveIn(view, name);
    if (!association) return undefined;
    refuseOther(association, options);
    if (association.layer) {
      refuseToChange(association, options);
      known.push(association);
      continue;
    }
    if (isRenewedBy(options.ttl, association)) return undefined;
    if (options.allow && !association.allow) return undefined;
    known.push(association);
  }
  if (place.source() === undefined) {
    const { warnOfHere } = await import("./warn_of_here.ts");
    await warnOfHere(store, view, known);
  }
  return known;
}

/** An association from a layer can only be changed in that layer. */
function refuseToChange(
  { name, layer }: Association,
  { reserve, allow }: AssociateOptions,
): void {
  if (!reserve && !allow) return;
  throw new PortForError(
    "PORT_TAKEN",
    `cannot change ${quoted(name)}: it is set in ${layer}, which port-for ` +
      `never writes (change it there)`,
  );
}

/** A lease made by a clock that is behind ends as soon as the clock is set. */
function refuseWrongClock(): void {
  if (!isBeforeRelease()) return;
  throw new PortForError(
    "FAILED",
    `cannot make a lease: the clock says ${new Date().toISOString()}, which ` +
      `is before this port-for was made (set the clock, or leave out --ttl)`,
  );
}

function refuseShort(ttl: number, { place }: Store): void {
  const { shortestLease = 0 } = place;
  if (ttl >= shortestLease) return;
  throw new PortForError(
    "BAD_INPUT",
    `cannot make a lease of ${ttl} s in ${place.name}: the shortest that it ` +
      `keeps is ${shortestLease} s`,
  );
}

/** Gives a port to each name without one, and renews leases. */
async function associated(
  store: Store,
  requests: readonly Request[],
): Promise<Association[]> {
  const names = requests.map(({ name }) => name);
  const reserve = requests.some(({ options }) => options.reserve);
  let result: Association[] = [];
  let warnings = async (): Promise<void> => {};
  // Read before the lock is taken: this may be slow, and others would wait.
  const claims = new MachineClaims(store.runtime, store.place.source());
  await changeStore(store, names, async (view, reservations) => {
    const choosers = new Choosers(store, view, claims);
    const changes = new Map<string, Association>();
    const added: Request[] = [];
    for (const request of requests) {
      const { name, options } = request;
      if (changes.has(name)) continue;
      const existing = liveIn(view, name) ?? await reservedLease(view, name);
      if (existing) refuseOther(existing, options);
      if (existing?.layer) {
        refuseToChange(existing, options);
        continue;
      }
      const association = existing ??
        await newAssociation(view, request, choosers.for(request), changes);
      const wanted = withLeaseAndAllow(existing, association, options);
      const noted = reservations?.noted(wanted) ?? wanted;
      if (noted !== existing) changes.set(name, noted);
      if (!existing) added.push(request);
    }
    result = names.map((name) => changes.get(name) ?? liveIn(view, name)!);
    warnings = () => warnOfBadPorts(store, choosers, added, changes);
    return changes;
  }, reserve);
  // Probing for warnings may be slow, so it waits until the lock is released.
  await warnings();
  return result;
}

/** Applies `ttl` and `allow` to an association. */
function withLeaseAndAllow(
  existing: Association | undefined,
  association: Association,
  { ttl, allow }: AssociateOptions,
): Association {
  const leased = !existing || isExpired(existing) || isRenewedBy(ttl, existing)
    ? leasedFor(ttl, withoutLease(association))
    : existing;
  return allow && !leased.allow ? { ...leased, allow } : leased;
}

/** One chooser for each set of options: most requests share one. */
class Choosers {
  readonly #store: Store;
  readonly #view: View;
  readonly #claims: Claims;
  readonly #byOptions = new Map<string, Chooser>();

  constructor(store: Store, view: View, claims: Claims) {
    this.#store = store;
    this.#view = view;
    this.#claims = claims;
  }

  for({ options, rangeName }: Omit<Request, "name">): Chooser {
    const { range, exclude, random, udp, count, reserve } = options;
    const key = JSON.stringify([
      range,
      rangeName,
      exclude === undefined ? null : [...portSet(exclude).ranges()],
      random,
      udp,
      count,
      reserve,
    ]);
    let chooser = this.#byOptions.get(key);
    if (!chooser) {
      chooser = chooserFor(this.#store, this.#view, this.#claims, {
        ...options,
        ...(rangeName === undefined ? {} : { rangeName }),
      });
      this.#byOptions.set(key, chooser);
    }
    return chooser;
  }
}

/** What the options leave open comes from the store's policy. */
function chooserFor(
  { place, warn, runtime, seed = "" }: Store,
  { policy }: View,
  claims: Claims,
  { range, rangeName, exclude, random, udp, count, reserve }:
    & AssociateOptions
    & Pick<Request, "rangeName">,
): Chooser {
  const policyName = `the [policy] of ${place.name}`;
  const chooser = new Chooser({
    range: typeof range === "string"
      ? parsePortRange(range)
      : range ?? policy.range,
    ...(range === undefined
      ? { rangeName: policyName }
      : rangeName === undefined
      ? {}
      : { rangeName }),
    exclude: exclude === undefined ? policy.exclude : portSet(exclude),
    ...(exclude === undefined ? { excludeName: policyName } : {}),
    random: random ?? false,
    udp: udp ?? false,
    count: count ?? 1,
    reserve: reserve ?? false,
    claims,
    seed,
  }, runtime);
  const { warning } = chooser.offer.ephemeral;
  if (warning) warn(warning);
  return chooser;
}

async function newAssociation(
  view: View,
  { name, options }: Request,
  chooser: Chooser,
  changes: ReadonlyMap<string, Association>,
): Promise<Association> {
  const { port, prefer, count = 1, directory } = options;
  if (port !== undefined) await refuseHeld(view, name, port, count);
  const held = heldPorts(view, changes);
  const preferred = port ?? prefer;
  const isTaken = port === undefined && prefer !== undefined &&
    !await chooser.isOpen(prefer, held);
  return {
    name,
    port: preferred === undefined || isTaken
      ? await chooser.choose(name, held)
      : preferred,
    count,
    ...(directory === undefined ? {} : { directory }),
    // Whoever asks for a port by number knows whether it is a good one.
    ...(prefer !== undefined && !isTaken ? { allow: true as const } : {}),
  };
}

/** Looks up ports that are taken, including those given out by this call. */
function heldPorts(
  view: View,
  changes: ReadonlyMap<string, Association>,
): HeldPorts {
  return async (ports: PortSet) => {
    const holders = [...await view.holders(ports), ...changes.values()];
    return setOf(holders.filter(holdsPorts).map(portsOf));
  };
}

/**
 * This name's expired lease, if its ports are still reserved in the kernel. It
 * is continued: with other ports, the reserved ones would stay reserved for
 * nobody.
 */
async function reservedLease(
  view: View,
  name: string,
): Promise<Association | undefined> {
  const association = view.find(name);
  if (!association?.reserved) return undefined;
  // A person may have edited the file and given its ports to another name.
  await refuseHeld(view, name, association.port, association.count);
  return association;
}

function withoutLease({ expires: _, ...rest }: Association): Association {
  return rest;
}

/** Warns about ports that the caller asked for and that are not good ones. */
async function warnOfBadPorts(
  { warn }: Store,
  choosers: Choosers,
  added: readonly Request[],
  changes: ReadonlyMap<string, Association>,
): Promise<void> {
  for (const request of added) {
    const { name, options } = request;
    if (options.port === undefined || options.allow) continue;
    for (const port of portsIn(portsOf(changes.get(name)!))) {
      const objections = await choosers.for(request).objections(port);
      if (objections.length > 0) {
        warn(`port ${port} is ${objections.join(" and ")}`);
      }
    }
  }
}

function warnOfIgnoredTtl(
  { warn }: Store,
  requests: readonly Request[],
  associations: readonly Association[],
): void {
  for (const [at, { name, expires }] of associations.entries()) {
    if (expires || requests[at]!.options.ttl === undefined) continue;
    warn(`${quoted(name)} has its port for good, so --ttl does not end it`);
  }
}
