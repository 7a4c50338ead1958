import { main, run } from "../../lib/cli/main.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";

const rest = () => import("../../lib/cli/perform.ts");

/** Runs the command line of a machine. Returns the exit status. */
export function runOn(runtime: Runtime): Promise<number> {
  return run(runtime, rest);
}

/** Runs the command line of a machine to its end, and the process with it. */
export function mainOn(runtime: Runtime): Promise<void> {
  return main(runtime, rest);
}
