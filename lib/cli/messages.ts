import { onOneLine, PortForError } from "../error.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import { painterFor } from "./text.ts";

/** Prints a warning on standard error. */
export function warn(runtime: Runtime, message: string): void {
  write(runtime, "warning: ", message, "warn");
}

/**
 * Prints a message on standard error. If that fails there is nobody to tell, so
 * the answer and the exit status stay the same.
 */
export function say(runtime: Runtime, message: string): void {
  write(runtime, "", message, "bold");
}

function write(
  runtime: Runtime,
  kind: string,
  message: string,
  colour: "bold" | "warn" | "bad",
): void {
  try {
    const paint = painterFor(runtime, runtime.isErrorTerminal());
    const head = paint[colour](`port-for: ${kind}`.trimEnd());
    runtime.writeError(`${head} ${onOneLine(message)}\n`);
  } catch {
    // See `say`.
  }
}

/** Prints on standard error why a call failed. Returns its exit status. */
export function fail(runtime: Runtime, error: unknown): number {
  // The reader of our output has gone: there is nobody to tell.
  if (errorCode(error) === "EPIPE") return 1;
  if (error instanceof PortForError) {
    write(runtime, "", error.message, "bad");
    return error.code === "BAD_INPUT" ? 2 : 1;
  }
  const message = error instanceof Error ? error.message : String(error);
  // Errors of a store are PortForErrors, so this one is about standard output.
  const why = CANNOT_PRINT[errorCode(error) ?? ""];
  if (why !== undefined) {
    say(
      runtime,
      `cannot print the answer: ${why} and ask again; nothing is lost)`,
    );
    return 1;
  }
  say(
    runtime,
    `cannot go on: ${message} (nothing is lost; if the message does not say ` +
      `what to do, this is a bug in port-for: please report it)`,
  );
  return 1;
}

const CANNOT_PRINT: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left (free some space",
  EBADF: "standard output is closed (send it somewhere",
};
