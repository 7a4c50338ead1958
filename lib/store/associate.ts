import {
  type Association,
  checkName,
  holdsPorts,
  isBeforeRelease,
  isExpired,
  portsOf,
} from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { Claim } from "../machine/claim.ts";
import { Chooser, type HeldPorts } from "../machine/choose.ts";
import type { View } from "../place.ts";
import { parsePortRange } from "../ports/port_range.ts";
import { type PortSet, portSet, setOf } from "../ports/port_set.ts";
import { type AssociateOptions, checkOptions } from "./associate_options.ts";
import { readClaims } from "./claims.ts";
import { changeStore } from "./change.ts";
import { isRenewedBy, leasedFor } from "./lease.ts";
import { refuseHeld, refuseOther } from "./refusals.ts";
import { liveIn, type Store } from "./store.ts";

/**
 * The associations of names, which are made first where needed, or renewed:
 * all together, or none.
 *
 * @returns One for each name, in the same order.
 * @throws {PortForError} As `PortStore.ensure` does. Nothing is changed then.
 */
export async function associate(
  store: Store,
  names: readonly string[],
  options: AssociateOptions = {},
): Promise<Association[]> {
  for (const name of names) checkName(name);
  checkOptions(names, options);
  if (options.ttl !== undefined) refuseWrongClock();
  const associations = await known(store, names, options) ??
    await associated(store, names, options);
  if (options.ttl !== undefined) warnOfLasting(store, associations);
  return associations;
}

/**
 * What names have, where all of them have something and nothing is to be
 * renewed: who only asks needs no lock and no permission to write.
 */
async function known(
  { place }: Store,
  names: readonly string[],
  options: AssociateOptions,
): Promise<Association[] | undefined> {
  if (options.reserve) return undefined;
  const view = await place.read(names);
  const known: Association[] = [];
  for (const name of names) {
    const association = liveIn(view, name);
    if (!association) return undefined;
    refuseOther(association, options);
    if (isRenewedBy(options.ttl, association)) return undefined;
    known.push(association);
  }
  return known;
}

/** A lease by a wrong clock would be over as soon as the clock is right. */
function refuseWrongClock(): void {
  if (!isBeforeRelease()) return;
  throw new PortForError(
    "FAILED",
    `cannot make a lease: the clock says ${new Date().toISOString()}, which ` +
      `is before this port-for was made (set the clock, or do without --ttl)`,
  );
}

/** Gives the names that have no port one, or renews their leases. */
async function associated(
  store: Store,
  names: readonly string[],
  options: AssociateOptions,
): Promise<Association[]> {
  let result: Association[] = [];
  let warnings = async (): Promise<void> => {};
  // Before the lock is taken: a source may be slow, and others wait for it.
  const claims = readClaims(store.runtime, store.place.source());
  await changeStore(store, names, async (view, reservations) => {
    const chooser = chooserFor(store, view, claims, options);
    const changes = new Map<string, Association>();
    const added: Association[] = [];
    for (const name of names) {
      if (changes.has(name)) continue;
      const there = liveIn(view, name) ?? await reservedLease(view, name);
      if (there) refuseOther(there, options);
      const association = there ??
        await newAssociation(view, name, options, chooser, changes);
      const leased = !there || isExpired(there) ||
          isRenewedBy(options.ttl, there)
        ? leasedFor(options.ttl, withoutLease(association))
        : there;
      const wanted = reservations?.noted(leased) ?? leased;
      if (wanted !== there) changes.set(name, wanted);
      if (!there) added.push(wanted);
    }
    result = names.map((name) => changes.get(name) ?? liveIn(view, name)!);
    warnings = () => warnOfObjections(store, chooser, options, added);
    return changes;
  }, options.reserve);
  // The lock is free again, and the choice is made: it only has to be known.
  await warnings();
  return result;
}

/** What a call leaves open is as the policy of the store wants it. */
function chooserFor(
  { place, warn, runtime, seed = "" }: Store,
  { policy }: View,
  claims: readonly Claim[],
  { range, exclude, random, udp, count, reserve }: AssociateOptions,
): Chooser {
  const policyName = `the [policy] of ${place.name}`;
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
    claims,
    seed,
  }, runtime);
  const { warning } = chooser.offer.ephemeral;
  if (warning) warn(warning);
  return chooser;
}

async function newAssociation(
  view: View,
  name: string,
  { port, count = 1, directory }: AssociateOptions,
  chooser: Chooser,
  changes: ReadonlyMap<string, Association>,
): Promise<Association> {
  if (port !== undefined) await refuseHeld(view, name, port, count);
  return {
    name,
    port: port ?? await chooser.choose(name, heldPorts(view, changes)),
    count,
    ...(directory === undefined ? {} : { directory }),
  };
}

/** The ports that are nobody's to take, those of this very call included. */
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
 * A lease of this name that has ended, but whose ports are still reserved: it
 * goes on, because choosing other ports would leave those reserved for nobody.
 */
async function reservedLease(
  view: View,
  name: string,
): Promise<Association | undefined> {
  const association = view.find(name);
  if (!association?.reserved) return undefined;
  // Somebody may have given its ports to another name by hand.
  await refuseHeld(view, name, association.port, association.count);
  return association;
}

function withoutLease({ expires: _, ...rest }: Association): Association {
  return rest;
}

/** What is wrong with ports that the caller gave; it is only said. */
async function warnOfObjections(
  { warn }: Store,
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

function warnOfLasting(
  { warn }: Store,
  associations: readonly Association[],
): void {
  for (const { name, expires } of associations) {
    if (expires) continue;
    warn(`${quoted(name)} has its port for good, so --ttl does not end it`);
  }
}
