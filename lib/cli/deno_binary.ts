/** Entry point of the binaries that Deno compiles. */
import { denoQuick } from "../runtime/deno_quick.ts";
import { main } from "./main.ts";

await main(denoQuick, () => import("./deno_rest.ts"));
