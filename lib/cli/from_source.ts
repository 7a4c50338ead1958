/**
 * Entry point for running from source on Deno. Deno loads modules behind a
 * literal `import()` before the first line runs, which would make a plain
 * lookup two fifths slower.
 */
import { denoQuick } from "../runtime/deno_quick.ts";
import { main } from "./main.ts";

const rest = "./deno_rest.ts";
await main(denoQuick, () => import(rest));
