/**
 * The program, which ends itself, or stops, at a step of its way:
 * `signalled_main.ts SIGNAL WAY AT ARGUMENT...` sends itself a signal `before`
 * step AT, in the middle of it (`half`), or `after` it. AT is its number, or the
 * first step that is `OPERATION PATH`. The machine is quiet, so that its way is
 * always the same; the disk is the real one.
 *
 * @module
 */
import { mainOn } from "./command_line.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import { interposed, quietMachine } from "./interposed.ts";

const [signal, way, at, ...args] = Deno.args;

let ended = false;

function end(): void {
  ended = true;
  Deno.kill(Deno.pid, signal as Deno.Signal);
}

await mainOn(interposed(
  { ...quietMachine, env: currentRuntime.env, args },
  (step, run) => {
    const isIt = step.at === Number(at) ||
      !ended && `${step.operation} ${step.path}` === at;
    if (!isIt) return run();
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
