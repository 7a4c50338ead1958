import { main } from "../../lib/cli/main.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";

/** Runs the command line of a machine. Returns the exit status. */
export async function runOn(runtime: Runtime): Promise<number> {
  let status = 0;
  const exit = (given: number) => void (status = given);
  await mainOn(runtime, Object.create(runtime, { exit: { value: exit } }));
  return status;
}

/** Runs the command line of a machine to its end, and the process with it. */
export function mainOn(runtime: Runtime, whole = runtime): Promise<void> {
  return main(runtime, async () => ({
    runtime: whole,
    ...await import("../../lib/cli/perform.ts"),
  }));
}
