import type { QuickRuntime, Runtime } from "../runtime/runtime.ts";
import { lookup } from "./lookup.ts";

/** Everything that a plain lookup does not need. */
export interface Rest {
  readonly runtime: Runtime;
  readonly perform: typeof import("./perform.ts").perform;
  readonly fail: typeof import("./perform.ts").fail;
}

/**
 * Runs the command line, to the end of the process.
 *
 * @param quick What a lookup needs of the machine.
 * @param rest Loads the rest; each entry point has its own way.
 */
export async function main(
  quick: QuickRuntime,
  rest: () => Promise<Rest>,
): Promise<void> {
  const answer = lookup(quick);
  if (answer === undefined) {
    const { runtime, perform } = await rest();
    return runtime.exit(await perform(runtime));
  }
  try {
    quick.writeOut(answer);
  } catch (error) {
    const { runtime, fail } = await rest();
    runtime.exit(fail(runtime, error));
  }
}
