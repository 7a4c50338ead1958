/**
 * The one transaction that a change is: what has to hold, and what is written.
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

/** What is to become of a name. */
export interface Wanted {
  readonly name: string;
  /** What it has from now on; without it, it gives up its ports. */
  readonly association: Association | undefined;
  /** The lease that its keys end with; `"0"` for none. */
  readonly lease: string;
}

/** What has to hold for a change, and what it does then. */
export interface Commit {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
}

/** Who writes, and which change it is. */
export interface Writer {
  readonly by: string;
  readonly op: string;
}

/** The change that some wishes are, if all is still as it was seen. */
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
      // It puts nothing, so that it works while the cluster is out of space.
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

/** All the keys of a name, so that one lease covers all of them, or none does. */
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

/** The keys by which a change to some names is decided. */
export function decisiveKeys(names: readonly string[], keys: Keys): string[] {
  return [
    keys.policy,
    ...new Set(names.flatMap((name) => [keys.name(name), keys.gen(name)])),
  ];
}

/** Reads of keys, and of the ports that are wanted. */
export function reads(
  keys: readonly string[],
  ports: readonly KeyRange[] = [],
  serializable = false,
): Operation[] {
  return [...keys.map((key) => ({ key })), ...ports]
    .map((range) => get(range, serializable));
}
