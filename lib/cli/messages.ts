import { onOneLine, PortForError } from "../error.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import { painterFor } from "./text.ts";

/** Says something that is not an error, on standard error. */
export function warn(runtime: Runtime, message: string): void {
  write(runtime, "warning: ", message, "warn");
}

/**
 * Says something on standard error. Where that is full or closed there is nobody
 * to tell, and answer and status stay what they are.
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
    // See above.
  }
}

/** Says why a call failed, on standard error. Returns its exit status. */
export function fail(runtime: Runtime, error: unknown): number {
  // Whoever reads our output has left: there is nobody to tell.
  if (errorCode(error) === "EPIPE") return 1;
  if (error instanceof PortForError) {
    write(runtime, "", error.message, "bad");
    return error.code === "BAD_INPUT" ? 2 : 1;
  }
  const message = error instanceof Error ? error.message : String(error);
  // What is wrong with a store is a PortForError: this is the standard output.
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
