/**
 * The program, which sends itself a signal at a step of its way:
 * `signalled_reserving.ts SIGNAL AT ARGUMENT...`. AT is the how manieth of the steps
 * that others could see, from 1, or `kernel`: the first that writes what is
 * reserved there. Nobody is on its network, so that its way is always the same.
 *
 * @module
 */
import { mainOn } from "./command_line.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import { RESERVED_FILE } from "./fake_runtime.ts";
import { interposed, quietMachine } from "./interposed.ts";

/** To end before any other step is to end before the next of these. */
const VISIBLE = [
  "open",
  "file.write",
  "file.chmod",
  "file.chown",
  "makeFolder",
  "rename",
  "remove",
  "writeOut",
];

const [signal, at, ...args] = Deno.args;
let seen = 0;
let sent = false;

await mainOn(interposed(
  { ...quietMachine, env: currentRuntime.env, args },
  (step, run) => {
    const isVisible = VISIBLE.includes(step.operation);
    if (isVisible) seen++;
    const isIt = at === "kernel"
      ? step.operation === "file.write" && step.path === RESERVED_FILE
      : isVisible && seen === Number(at);
    if (isIt && !sent) {
      sent = true;
      Deno.kill(Deno.pid, signal as Deno.Signal);
    }
    return run();
  },
));
