import { isObject } from "./wire.ts";

/**
 * - `elsewhere`: it certainly had no effect; another member may be able to do
 *   it
 * - `token`: it certainly had no effect; the client must log in again
 * - `refused`: it was refused, as it would be by every member
 * - `unknown`: it may have had its effect
 */
export type FailureKind = "elsewhere" | "token" | "refused" | "unknown";

/** A request that failed. */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** The gRPC code, if any. */
  readonly code: number | undefined;

  /** @param message Why, as the end of "cannot ...: ". */
  constructor(kind: FailureKind, message: string, code?: number) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** gRPC codes. */
export const NOT_FOUND = 5;
export const ALREADY_THERE = 9;
export const COMPACTED = 11;
const NO_PERMISSION = 7;

/** The meanings of codes and texts; the first match counts. */
const MEANINGS: readonly {
  readonly code?: number;
  readonly text?: RegExp;
  readonly kind: FailureKind;
  /** What to do about it. */
  readonly hint?: string;
}[] = [
  { text: /invalid auth token|auth store is old/, kind: "token" },
  {
    text: /user name is empty|user name not found/,
    kind: "refused",
    hint: "give a user by ETCDCTL_USER and a password, or in [etcd] of the " +
      "machine's file",
  },
  {
    text: /authentication failed/,
    kind: "refused",
    hint: "check user and password",
  },
  { text: /not enabled|already exists/, kind: "refused" },
  {
    text: /CommonName of client/,
    kind: "refused",
    hint: "the gateway takes no client certificate with a CommonName while " +
      "users are on: use a certificate without one, or no certificate",
  },
  {
    text: /space exceeded/,
    kind: "refused",
    hint: "lookups go on; compact and defragment the cluster, and disarm its " +
      "alarm",
  },
  {
    code: NO_PERMISSION,
    kind: "refused",
    hint: "the role needs read on the prefix for lookups, and readwrite to " +
      "give names ports",
  },
  {
    text: /SubConns|^connection (?:error|closed)|^(?:read|write) tcp /,
    kind: "unknown",
    hint:
      "its gateway does not reach its own member; where that goes on, the " +
      "member's certificate lacks the usage clientAuth",
  },
  { text: /no leader|learner|too many requests/, kind: "elsewhere" },
  { code: 3, kind: "refused" },
  { code: NOT_FOUND, kind: "refused" },
  { code: ALREADY_THERE, kind: "refused" },
  { code: COMPACTED, kind: "refused" },
  { code: 12, kind: "refused" },
];

/**
 * Interprets an error answer by its code and text rather than its HTTP status.
 */
export function failureOf(status: number, text: string): Failure {
  const { code, message } = parsed(text);
  if (status >= 300 && status < 400) {
    return new Failure("refused", "it answers with a redirect");
  }
  if (status === 404 && code === undefined) {
    return new Failure("refused", "it is not an etcd with a JSON gateway");
  }
  const meaning = MEANINGS.find((one) =>
    (one.code === undefined || one.code === code) &&
    (one.text === undefined || one.text.test(message))
  );
  const shown = message.replace(/^etcdserver: /, "") || `status ${status}`;
  return new Failure(
    meaning?.kind ?? "unknown",
    meaning?.hint ? `${shown} (${meaning.hint})` : shown,
    code,
  );
}

function parsed(text: string): { code?: number; message: string } {
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) {
      const { code, message, error } = json;
      return {
        ...(typeof code === "number" ? { code } : {}),
        message: `${message ?? error ?? ""}`,
      };
    }
  } catch {
    // Not every error is JSON.
  }
  return { message: text.slice(0, 200).trim() };
}
