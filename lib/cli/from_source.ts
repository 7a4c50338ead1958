/**
 * Where a checkout starts on Deno. What is behind a literal `import()` is read
 * before the first line runs, and a plain lookup would take a fifth longer.
 */
import { denoRuntime } from "../runtime/deno.ts";
import { main } from "./main.ts";

const rest = "./perform.ts";
await main(denoRuntime, () => import(rest));
