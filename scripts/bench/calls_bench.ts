/**
 * Calls of libraries, for deno bench. Arguments: the folder with the other
 * packages in its node_modules; and how often to make each call, by default as
 * often as deno bench decides.
 *
 * @module
 */
import { createRequire } from "node:module";
import { candidatesFor } from "../../lib/ports/candidates.ts";
import { availableGoodPorts, selectRandom } from "../../main.ts";

const [folder, calls] = Deno.args;
const often = calls === undefined ? {} : { n: Number(calls), warmup: 1 };
const require = createRequire(`${folder}/`);
const { default: getPort } = require("get-port");
const portfinder = require("portfinder");
const good = availableGoodPorts();
let names = 0;

// deno bench awaits only async functions.
Deno.bench("selectRandom", often, async () => void await selectRandom());
Deno.bench("get-port", often, async () => void await getPort());
Deno.bench("portfinder", often, async () => {
  await portfinder.getPortPromise();
});
Deno.bench("availableGoodPorts", often, () => void availableGoodPorts());
Deno.bench("first candidate for a name", often, () => {
  candidatesFor(`web${names++}`, good).next();
});
