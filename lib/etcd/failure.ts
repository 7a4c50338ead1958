import { isObject } from "./wire.ts";

/**
 * - `elsewhere`: it surely did not happen; another member may do it
 * - `token`: it surely did not happen: who asks has to log in again
 * - `refused`: it is refused, and would be by any other member
 * - `unknown`: it may have happened
 */
export type FailureKind = "elsewhere" | "token" | "refused" | "unknown";

/** A request that was not answered as it should be. */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** The code of gRPC, if one came. */
  readonly code: number | undefined;

  /** @param message Why, as it goes on "cannot ...: ". */
  constructor(kind: FailureKind, message: string, code?: number) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** The codes of gRPC that are looked at. */
export const NOT_FOUND = 5;
export const ALREADY_THERE = 9;
export const COMPACTED = 11;
const NO_PERMISSION = 7;

/** What codes and texts mean, the first that fits. */
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

/** What an answer that is no success says: its code and text, not its status. */
export function failureOf(status: number, text: string): Failure {
  const { code, message } = said(text);
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

function said(text: string): { code?: number; message: string } {
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
    // Not everything comes in JSON.
  }
  return { message: text.slice(0, 200).trim() };
}
