/**
 * The protocol of etcd's JSON gateway: keys and values in base64, 64-bit
 * numbers as text, requests in camelCase and answers in snake_case. The gateway
 * ignores unknown fields, so a misspelt one goes unnoticed.
 *
 * @module
 */
import type { KeyRange } from "./keys.ts";

/** A key and its value. */
export interface KeyValue {
  readonly key: string;
  /** The key in base64, as received. */
  readonly bytes: string;
  /** As text; `undefined` if it or the key is not UTF-8. */
  readonly value: string | undefined;
  /** The revision that created it. */
  readonly created: string;
  /** The revision that last changed it. */
  readonly modified: string;
  /** Its lease; `"0"` for none. */
  readonly lease: string;
}

/** A condition on all keys of a range. */
export interface Compare {
  readonly target: "CREATE" | "MOD" | "VALUE";
  readonly key: string;
  readonly rangeEnd?: string;
  readonly result: "EQUAL";
  readonly createRevision?: string;
  readonly modRevision?: string;
  readonly value?: string;
}

/** An operation of a transaction. */
export type Operation =
  | { readonly requestRange: RangeRequest }
  | {
    readonly requestPut: {
      readonly key: string;
      readonly value: string;
      readonly lease: string;
    };
  }
  | {
    readonly requestDeleteRange: {
      readonly key: string;
      readonly rangeEnd?: string;
    };
  };

/** A read of a range. */
export interface RangeRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly limit?: string;
  readonly revision?: string;
  readonly serializable?: boolean;
}

/** Does all of `success` if all of `compare` holds, else all of `failure`. */
export interface Transaction {
  readonly compare?: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

/** How many operations, or comparisons, etcd allows in one transaction. */
export const MOST_OPERATIONS = 128;

/** The condition that no key of a range exists. */
export function isAbsent(range: KeyRange): Compare {
  const result = "EQUAL";
  return { target: "CREATE", ...bytesOf(range), result, createRevision: "0" };
}

/** The condition that a key is unchanged; `"0"` if it did not exist. */
export function isUnchanged(key: string, modRevision: string): Compare {
  return { target: "MOD", ...bytesOf({ key }), result: "EQUAL", modRevision };
}

/** The condition that a range has keys, all with this value. */
export function hasValue(range: KeyRange, value: string): Compare {
  const result = "EQUAL";
  return { target: "VALUE", ...bytesOf(range), result, value: encoded(value) };
}

/** An operation that reads a range. */
export function get(range: KeyRange, serializable = false): Operation {
  return {
    requestRange: {
      ...bytesOf(range),
      ...(serializable ? { serializable } : {}),
    },
  };
}

/** An operation that writes a key with a lease; `"0"` for none. */
export function put(key: string, value: string, lease: string): Operation {
  return {
    requestPut: { key: encoded(key), value: encoded(value), lease },
  };
}

/** An operation that removes a range. */
export function remove(range: KeyRange): Operation {
  return { requestDeleteRange: bytesOf(range) };
}

/** A range in the gateway's format. */
export function bytesOf(
  { key, end }: KeyRange,
): { key: string; rangeEnd?: string } {
  return {
    key: encoded(key),
    ...(end === undefined ? {} : { rangeEnd: encoded(end) }),
  };
}

/** The answer to a read. */
export interface RangeAnswer {
  readonly kvs: readonly KeyValue[];
  /** Whether there are more keys than the limit. */
  readonly more: boolean;
}

/** The answer to a transaction. */
export interface TransactionAnswer {
  readonly succeeded: boolean;
  /** What each operation has read; empty for one that does not read. */
  readonly ranges: readonly RangeAnswer[];
  readonly revision: string;
}

/** An answer that does not look like etcd's. */
export class MalformedError extends Error {}

/** Parses the answer to a transaction. @throws {MalformedError} */
export function transactionAnswer(answer: Json): TransactionAnswer {
  return {
    // The gateway leaves out what is false, zero or empty.
    succeeded: answer.succeeded === true,
    ranges: listIn(answer, "responses").map((response) =>
      rangeAnswer(objectIn(response, "response_range") ?? {})
    ),
    revision: revisionOf(answer),
  };
}

/** Parses the answer to a read. @throws {MalformedError} */
export function rangeAnswer(answer: Json): RangeAnswer {
  const kvs = listIn(answer, "kvs").map((kv) => {
    const bytes = textIn(kv, "key");
    const key = decoded(bytes);
    return {
      key: key ?? `${bytes} (base64)`,
      bytes,
      value: key === undefined ? undefined : decoded(textIn(kv, "value")),
      created: textIn(kv, "create_revision", "0"),
      modified: textIn(kv, "mod_revision", "0"),
      lease: textIn(kv, "lease", "0"),
    };
  });
  return { kvs, more: answer.more === true };
}

/** The revision of an answer. @throws {MalformedError} */
export function revisionOf(answer: Json): string {
  return textIn(objectIn(answer, "header") ?? {}, "revision", "0");
}

/** An object in JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** An object in an object. @throws {MalformedError} */
function objectIn(json: Json, key: string): Json | undefined {
  const value = json[key];
  if (value === undefined || isObject(value)) return value;
  throw new MalformedError(`"${key}" is not an object`);
}

/** A text in an object. @throws {MalformedError} */
export function textIn(json: Json, key: string, absent = ""): string {
  const value = json[key] ?? absent;
  if (typeof value === "string") return value;
  throw new MalformedError(`"${key}" is not a text`);
}

/** A list of objects in an object. @throws {MalformedError} */
function listIn(json: Json, key: string): readonly Json[] {
  const value = json[key] ?? [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new MalformedError(`"${key}" is not a list of objects`);
}

/** Whether a value is an object of JSON. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text as base64 of its UTF-8 bytes. */
export function encoded(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Decodes base64 of UTF-8; `undefined` for anything else. */
function decoded(base64: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const how = { fatal: true, ignoreBOM: true };
    return new TextDecoder("utf-8", how).decode(bytes);
  } catch {
    return undefined;
  }
}
