import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The runtime of this process. The one for Bun is loaded only on Bun: it
 * imports Node's modules, which would slow down Deno's start.
 */
export const currentRuntime: Runtime = "Bun" in globalThis
  ? (await import("./bun.ts")).bunRuntime
  : denoRuntime;
