/**
 * Entry point for running from source on Deno. Deno loads modules behind a
 * literal `import()` before the first line runs, which would make a plain
 * lookup a fifth slower.
 */
import { denoRuntime } from "../runtime/deno.ts";
import { main } from "./main.ts";

const rest = "./perform.ts";
await main(denoRuntime, () => import(rest));
