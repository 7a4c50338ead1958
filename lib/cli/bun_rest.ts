/** What a Bun binary loads for everything but a plain lookup. */
import { bunRuntime } from "../runtime/bun.ts";
import { noteDescriptors } from "../runtime/handed_in.ts";
import { fail } from "./messages.ts";
import { perform } from "./perform.ts";

/** Runs the command line and exits the process. */
export async function runOnBun(): Promise<void> {
  // Must come before anything opens a descriptor.
  if (bunRuntime.args.includes("--")) noteDescriptors();
  bunRuntime.exit(await perform(bunRuntime));
}

/** Says why an answer could not be printed, and exits the process. */
export function failOnBun(error: unknown): void {
  bunRuntime.exit(fail(bunRuntime, error));
}
