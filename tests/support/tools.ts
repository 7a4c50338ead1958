import { works } from "./program.ts";

/**
 * Whether to run tests that need a program. In CI they run in any case: better
 * to fail there than to be left out unseen.
 */
export function hasTool(...words: readonly string[]): boolean {
  return Deno.env.get("CI") === "true" || works(...words);
}
