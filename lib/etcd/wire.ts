/**
 * What is said to etcd's JSON gateway, and what it answers: keys and values in
 * base64, numbers of 64 bits as text, requests in camelCase, answers not. What
 * it does not know it ignores, so every word here counts.
 *
 * @module
 */
import type { KeyRange } from "./keys.ts";

/** A key with what it holds. */
export interface KeyValue {
  readonly key: string;
  /** The key as it came, in base64. */
  readonly bytes: string;
  /** As text; `undefined` where it, or the key, is none. */
  readonly value: string | undefined;
  /** The revision that created it. */
  readonly created: string;
  /** The revision that last changed it. */
  readonly modified: string;
  /** The lease that it ends with; `"0"` for none. */
  readonly lease: string;
}

/** What has to hold, for all keys of a range. */
export interface Compare {
  readonly target: "CREATE" | "MOD" | "VALUE";
  readonly key: string;
  readonly rangeEnd?: string;
  readonly result: "EQUAL";
  readonly createRevision?: string;
  readonly modRevision?: string;
  readonly value?: string;
}

/** One operation. */
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

/** What is read. */
export interface RangeRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly limit?: string;
  readonly revision?: string;
  readonly serializable?: boolean;
}

/** All of `success` where all of `compare` holds, else all of `failure`. */
export interface Transaction {
  readonly compare?: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

/** So many operations, or comparisons, etcd takes in one transaction. */
export const MOST_OPERATIONS = 128;

/** Nothing is there. */
export function isAbsent(range: KeyRange): Compare {
  const result = "EQUAL";
  return { target: "CREATE", ...bytesOf(range), result, createRevision: "0" };
}

/** It is as it was: `"0"` for not there. */
export function isUnchanged(key: string, modRevision: string): Compare {
  return { target: "MOD", ...bytesOf({ key }), result: "EQUAL", modRevision };
}

/** All that is there has this value, and something is. */
export function hasValue(range: KeyRange, value: string): Compare {
  const result = "EQUAL";
  return { target: "VALUE", ...bytesOf(range), result, value: encoded(value) };
}

/** Reads. */
export function get(range: KeyRange, serializable = false): Operation {
  return {
    requestRange: {
      ...bytesOf(range),
      ...(serializable ? { serializable } : {}),
    },
  };
}

/** Writes; it ends with the lease, `"0"` for never. */
export function put(key: string, value: string, lease: string): Operation {
  return {
    requestPut: { key: encoded(key), value: encoded(value), lease },
  };
}

/** Removes. */
export function remove(range: KeyRange): Operation {
  return { requestDeleteRange: bytesOf(range) };
}

/** A range as it is written. */
export function bytesOf(
  { key, end }: KeyRange,
): { key: string; rangeEnd?: string } {
  return {
    key: encoded(key),
    ...(end === undefined ? {} : { rangeEnd: encoded(end) }),
  };
}

/** What reading gave. */
export interface RangeAnswer {
  readonly kvs: readonly KeyValue[];
  /** Whether there is more than was asked for. */
  readonly more: boolean;
}

/** What a transaction gave. */
export interface TransactionAnswer {
  readonly succeeded: boolean;
  /** What each of its operations has read; nothing for one that did not read. */
  readonly ranges: readonly RangeAnswer[];
  readonly revision: string;
}

/** An answer that is not what etcd answers. */
export class MalformedError extends Error {}

/** Reads the answer to a transaction. @throws {MalformedError} */
export function transactionAnswer(answer: Json): TransactionAnswer {
  return {
    // What is false, zero or empty is left out.
    succeeded: answer.succeeded === true,
    ranges: listIn(answer, "responses").map((response) =>
      rangeAnswer(objectIn(response, "response_range") ?? {})
    ),
    revision: revisionOf(answer),
  };
}

/** Reads what a range gave. @throws {MalformedError} */
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

/** The revision that an answer is of. @throws {MalformedError} */
export function revisionOf(answer: Json): string {
  return textIn(objectIn(answer, "header") ?? {}, "revision", "0");
}

/** An object in JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** An object in an object. @throws {MalformedError} */
export function objectIn(json: Json, key: string): Json | undefined {
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
export function listIn(json: Json, key: string): readonly Json[] {
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

/** The text in base64 of UTF-8; `undefined` where it is something else. */
function decoded(base64: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const how = { fatal: true, ignoreBOM: true };
    return new TextDecoder("utf-8", how).decode(bytes);
  } catch {
    return undefined;
  }
}
