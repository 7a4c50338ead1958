/** Where the binaries that Bun compiles start. */
import { bunRuntime } from "../runtime/bun.ts";
import { main } from "./main.ts";

await main(bunRuntime, () => import("./perform.ts"));
