import { SYSTEM_PORTS } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where Linux says from which port on anybody may bind (ip-sysctl). */
export const UNPRIVILEGED_FILE =
  "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/**
 * The lowest port that a service without privileges may bind on this machine:
 * 1024, unless an administrator has raised it. Root may bind those below, too,
 * but the service that a port is for mostly runs as a user of its own.
 */
export function lowestUnprivileged(runtime: Runtime): number {
  const usual = SYSTEM_PORTS.last + 1;
  if (runtime.os !== "linux") return usual;
  try {
    const bytes = runtime.readFile(UNPRIVILEGED_FILE);
    return Math.max(usual, Number(new TextDecoder().decode(bytes)) || usual);
  } catch {
    // No /proc, or not for Deno to read: the usual then.
    return usual;
  }
}
