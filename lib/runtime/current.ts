import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./runtime.ts";

/** The runtime that this process runs on. */
export const currentRuntime: Runtime = denoRuntime;
