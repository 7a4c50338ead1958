import type { Association } from "../association.ts";
import { quoted } from "../error.ts";
import type { Policy } from "../place.ts";
import { type Fault, readPolicy } from "../toml/document.ts";
import { readEntry } from "../toml/entry.ts";
import { isObject, type Json, type KeyValue } from "./wire.ts";

/** The content of a name's key. */
export interface NameEntry {
  readonly association: Association;
  /** The revision that gave the name its port. */
  readonly created: string;
  /** The revision that last wrote the key. */
  readonly modified: string;
  /** Its lease; `"0"` for none. */
  readonly lease: string;
  /** The whole JSON object, including foreign fields. */
  readonly json: Json;
}

/**
 * As long as the key exists the lease has not ended, whatever this clock says.
 */
const A_WHILE_MS = 60_000;

/**
 * Reads the key of a name. Returns a text that says what is wrong with it if it
 * is not valid.
 */
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

/** When a lease ends, according to the machine that wrote it. */
function endOf({ expires }: Json): Date {
  const written = typeof expires === "string" ? Date.parse(expires) : NaN;
  const soonest = Date.now() + A_WHILE_MS;
  return new Date(written > Date.now() ? written : soonest);
}

/**
 * The value of a name's key.
 *
 * @param before The old value: foreign fields are kept.
 * @param by The writing machine, for people to read.
 * @param op The id of the change.
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

/** Reads the policy's key. Its problems are added to `problems`. */
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
