import { PortForError } from "../error.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/** Says something that is no error, on standard error. */
export function warn(runtime: Runtime, message: string): void {
  runtime.writeError(`port-for: warning: ${message}\n`);
}

/** Says why a call failed, on standard error. Returns its exit status. */
export function fail(runtime: Runtime, error: unknown): number {
  // Whoever reads our output has left: there is nobody to tell.
  if (errorCode(error) === "EPIPE") return 1;
  if (error instanceof PortForError) {
    runtime.writeError(`port-for: ${error.message}\n`);
    return error.code === "BAD_INPUT" ? 2 : 1;
  }
  const message = error instanceof Error ? error.message : String(error);
  runtime.writeError(
    `port-for: cannot go on: ${message} (nothing is lost; if the message ` +
      `does not say what to do, this is a fault of port-for: please report it)\n`,
  );
  return 1;
}
