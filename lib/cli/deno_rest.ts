/** What Deno loads for everything but a plain lookup. */
export { denoRuntime as runtime } from "../runtime/deno.ts";
export { fail, perform } from "./perform.ts";
