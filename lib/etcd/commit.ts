/**
 * Builds the transaction for a change: what must hold, and what is written.
 *
 * @module
 */
import { type Association, portsOf } from "../association.ts";
import { nameValue } from "./entry.ts";
import type { KeyRange, Keys } from "./keys.ts";
import type { EtcdView } from "./view.ts";
import {
  type Compare,
  get,
  hasValue,
  isAbsent,
  isUnchanged,
  type Operation,
  put,
  remove,
} from "./wire.ts";

/** A wanted change to a name. */
export interface Wanted {
  readonly name: string;
  /** Its new association; `undefined` to give up its ports. */
  readonly association: Association | undefined;
  /** The lease of its keys; `"0"` for none. */
  readonly lease: string;
}

/** What must hold for a change, and what it then does. */
export interface Commit {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
}

/** The writing machine, and the id of the change. */
export interface Writer {
  readonly by: string;
  readonly op: string;
}

/** The transaction for some changes, if everything is still as in the view. */
export function commitOf(
  wishes: readonly Wanted[],
  view: EtcdView,
  keys: Keys,
  writer: Writer,
): Commit {
  const parts = wishes.map((wanted) => {
    const { name, association } = wanted;
    const entry = view.entry(name);
    const key = keys.name(name);
    if (!association) {
      // Only deletes, so that it works when the cluster is out of space.
      const ports = keys.portRange(portsOf(entry!.association));
      return {
        compare: [isUnchanged(key, entry!.modified), hasValue(ports, name)],
        success: [remove({ key }), remove(ports)],
      };
    }
    const ports = keys.portRange(portsOf(association));
    return {
      compare: entry
        ? [isUnchanged(key, entry.modified), hasValue(ports, name)]
        : [isAbsent({ key }), isAbsent(ports)],
      success: puts(wanted, association, view, keys, writer),
    };
  });
  const gives = wishes.filter(({ name, association }) =>
    association && !view.entry(name)
  );
  const gens = [...new Set(gives.map(({ name }) => keys.gen(name)))];
  const fences = gives.length > 0 ? [...gens, keys.policy] : [];
  return {
    compare: [
      ...parts.flatMap(({ compare }) => compare),
      ...fences.map((key) => isUnchanged(key, view.modified.get(key)!)),
    ],
    success: [
      ...parts.flatMap(({ success }) => success),
      ...gens.map((key) => put(key, writer.op, "0")),
    ],
  };
}

/** Writes all keys of a name, so that all of them have the same lease. */
function puts(
  { name, lease }: Wanted,
  association: Association,
  view: EtcdView,
  keys: Keys,
  { by, op }: Writer,
): Operation[] {
  const { port, count } = association;
  const before = view.entry(name)?.json ?? {};
  return [
    put(keys.name(name), nameValue(association, before, by, op), lease),
    ...Array.from(
      { length: count },
      (_, at) => put(keys.port(port + at), name, lease),
    ),
  ];
}

/** The keys that decide whether a change to some names can be made. */
export function decisiveKeys(names: readonly string[], keys: Keys): string[] {
  return [
    keys.policy,
    ...new Set(names.flatMap((name) => [keys.name(name), keys.gen(name)])),
  ];
}

/** Operations that read keys and port ranges. */
export function reads(
  keys: readonly string[],
  ports: readonly KeyRange[] = [],
  serializable = false,
): Operation[] {
  return [...keys.map((key) => ({ key })), ...ports]
    .map((range) => get(range, serializable));
}
