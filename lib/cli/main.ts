import type { Runtime } from "../runtime/runtime.ts";
import { lookup } from "./lookup.ts";

/** Loads everything that a plain lookup does not need. */
export type Rest = () => Promise<typeof import("./perform.ts")>;

/**
 * Runs the command line and exits the process.
 *
 * @param rest Loads the rest; each entry point has its own way.
 */
export async function main(runtime: Runtime, rest: Rest): Promise<void> {
  runtime.exit(await run(runtime, rest));
}

/** Runs the command line. Returns the exit status. */
export async function run(runtime: Runtime, rest: Rest): Promise<number> {
  const answer = lookup(runtime);
  if (answer === undefined) return await (await rest()).perform(runtime);
  try {
    runtime.writeOut(answer);
    return 0;
  } catch (error) {
    return (await rest()).fail(runtime, error);
  }
}
