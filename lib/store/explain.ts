import type { PortExplanation } from "../machine/explain.ts";
import { currentRuntime } from "../runtime/current.ts";

/**
 * Explains a port: whether it is good, whether it is free, and why.
 *
 * @param port The port, 1-65535.
 * @throws {PortForError} `BAD_INPUT` if it is not a port.
 *
 * @example
 * ```ts
 * import { explainPort } from "@x/port-for";
 *
 * const { good, assigned } = await explainPort(5432);
 * console.log(good, assigned[0]?.name); // false postgresql
 * ```
 */
export async function explainPort(port: number): Promise<PortExplanation> {
  // Few programs explain ports; the others need not load this.
  const { explain } = await import("../machine/explain.ts");
  const { MachineClaims } = await import("./claims.ts");
  const claims = new MachineClaims(currentRuntime, undefined);
  return await explain(port, currentRuntime, { claims });
}
