/** Entry point of the binaries that Deno compiles. */
import { denoRuntime } from "../runtime/deno.ts";
import { main } from "./main.ts";

await main(denoRuntime, () => import("./perform.ts"));
