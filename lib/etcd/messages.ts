import { PortForError } from "../error.ts";
import { Failure } from "./failure.ts";
import { MalformedError } from "./wire.ts";

/** The error to throw when an operation on a store in a cluster failed. */
export function couldNot(what: string, store: string, error: unknown): unknown {
  if (error instanceof MalformedError) {
    return new PortForError(
      "FAILED",
      `cannot ${what} ${store}: what it answers is not etcd's: ${error.message}`,
    );
  }
  if (!(error instanceof Failure)) return error;
  const isPermission = /permission|authentication|user name/
    .test(error.message);
  const hint = /\(os error \d+\)$|[^)]$/.test(error.message)
    ? " (is a majority of the cluster's members running, and this the right " +
      "address?)"
    : "";
  return new PortForError(
    isPermission ? "NO_PERMISSION" : "FAILED",
    `cannot ${what} ${store}: ${error.message}${hint}`,
    { cause: error },
  );
}

/** The error for a change that may or may not have been made. */
export function unknownOutcome(store: string, error: Failure): PortForError {
  return new PortForError(
    "FAILED",
    `cannot tell whether ${store} was changed: ${error.message} (ask again: ` +
      `that tells)`,
    { cause: error },
  );
}
