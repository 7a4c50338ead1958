import type { Association } from "../association.ts";
import { quoted } from "../error.ts";
import type { Policy } from "../place.ts";
import { type Fault, readPolicy } from "../toml/document.ts";
import { readEntry } from "../toml/entry.ts";
import { isObject, type Json, type KeyValue } from "./wire.ts";

/** What the key of a name says. */
export interface NameEntry {
  readonly association: Association;
  /** The revision that gave the name its port. */
  readonly created: string;
  /** The revision that last wrote the key. */
  readonly modified: string;
  /** The lease that it ends with; `"0"` for none. */
  readonly lease: string;
  /** All that it says, what is not port-for's included. */
  readonly json: Json;
}

/** While the key is there its lease goes on, whatever this clock says. */
const A_WHILE_MS = 60_000;

/** Reads the key of a name; a text says what is wrong with it. */
export function readNameEntry(name: string, kv: KeyValue): NameEntry | string {
  const json = objectOf(kv);
  if (!json) return `the value of ${quoted(name)} is not an object in JSON`;
  const { port, count = 1, allow = false } = json;
  const read = readEntry(name, { port, count, allow });
  if (typeof read === "string") return read;
  const { created, modified, lease } = kv;
  const expires = lease === "0" ? {} : { expires: endOf(json) };
  return {
    association: { ...read, ...expires },
    ...{ created, modified, lease, json },
  };
}

/** When a lease ends, as far as whoever wrote it knew. */
function endOf({ expires }: Json): Date {
  const written = typeof expires === "string" ? Date.parse(expires) : NaN;
  const soonest = Date.now() + A_WHILE_MS;
  return new Date(written > Date.now() ? written : soonest);
}

/**
 * The value of a name's key.
 *
 * @param before What it said; what is not port-for's stays.
 * @param by Who writes it, for people.
 * @param op Which change writes it.
 */
export function nameValue(
  { port, count, expires, allow }: Association,
  before: Json,
  by: string,
  op: string,
): string {
  const { expires: _, ...rest } = before;
  return JSON.stringify({
    ...rest,
    ...{ port, count, by, op },
    ...(allow ? { allow } : {}),
    ...(expires ? { expires: expires.toISOString() } : {}),
  });
}

/** Reads the policy's key; what is wrong with it goes into `problems`. */
export function readPolicyEntry(
  kv: KeyValue | undefined,
  problems: string[],
): Policy {
  if (!kv) return {};
  const json = objectOf(kv);
  if (!json) {
    problems.push("the policy is not an object in JSON");
    return {};
  }
  const faults: Fault[] = [];
  const policy = readPolicy(json, faults);
  problems.push(...faults.map(({ message }) => message));
  return policy;
}

function objectOf({ value }: KeyValue): Json | undefined {
  try {
    const json: unknown = JSON.parse(value ?? "");
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
