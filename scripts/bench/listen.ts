/**
 * Listens on so many good ports, evenly spread, until standard input ends.
 * Usage: deno run --allow-all scripts/bench/listen.ts COUNT
 *
 * @module
 */
import { availableGoodPorts } from "../../lib/machine/good_ports.ts";

const good = [...availableGoodPorts()];
const count = Number(Deno.args[0]);
const listeners = Array.from({ length: count }, (_, at) => {
  const port = good[Math.floor(at * good.length / count)]!;
  return Deno.listen({ hostname: "127.0.0.1", port });
});
console.log("ready");
await Deno.stdin.readable.pipeTo(new WritableStream());
for (const listener of listeners) listener.close();
