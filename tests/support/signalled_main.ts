/**
 * The program, which ends itself, or stops, at a step of its way:
 * `signalled_main.ts SIGNAL WAY AT ARGUMENT...` sends itself a signal `before`
 * step AT, in the middle of it (`half`), or `after` it. On a quiet machine, so
 * that its way is always the same; the disk is the real one.
 *
 * @module
 */
import { mainOn } from "./command_line.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import { interposed, quietMachine } from "./interposed.ts";

const [signal, way, at, ...args] = Deno.args;

function end(): void {
  Deno.kill(Deno.pid, signal as Deno.Signal);
}

await mainOn(interposed(
  { ...quietMachine, env: currentRuntime.env, args },
  (step, run) => {
    if (step.at !== Number(at)) return run();
    if (way === "half") step.half?.();
    if (way !== "after") end();
    try {
      return run();
    } finally {
      // What fails is over, too.
      if (way === "after") end();
    }
  },
));
