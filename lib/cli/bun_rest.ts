/** What a Bun binary loads for every call but a plain lookup. */
import { bunRuntime } from "../runtime/bun.ts";
import { noteDescriptors } from "../runtime/handed_in.ts";
import { fail } from "./messages.ts";
import { perform } from "./perform.ts";

/** Runs the command line to its end, and the process with it. */
export async function runOnBun(): Promise<void> {
  // Before anything else is opened.
  if (bunRuntime.args.includes("--")) noteDescriptors();
  bunRuntime.exit(await perform(bunRuntime));
}

/** Says why an answer could not be printed, and ends the process. */
export function failOnBun(error: unknown): void {
  bunRuntime.exit(fail(bunRuntime, error));
}
