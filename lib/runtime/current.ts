import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The runtime that this process runs on. What Bun needs is loaded only there:
 * importing Node's modules would cost Deno start-up time.
 */
export const currentRuntime: Runtime = "Bun" in globalThis
  ? (await import("./bun.ts")).bunRuntime
  : denoRuntime;
