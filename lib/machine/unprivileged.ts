import { SYSTEM_PORTS } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** The first port that Linux lets anybody bind (ip-sysctl). */
export const UNPRIVILEGED_FILE =
  "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/**
 * The lowest port that an unprivileged service may bind on this machine: 1024,
 * unless an administrator has raised it. It counts even for root, because the
 * service that will use the port usually runs as its own user.
 */
export function lowestUnprivileged(runtime: Runtime): number {
  const usual = SYSTEM_PORTS.last + 1;
  if (runtime.os !== "linux") return usual;
  try {
    const bytes = runtime.readFile(UNPRIVILEGED_FILE);
    return Math.max(usual, Number(new TextDecoder().decode(bytes)) || usual);
  } catch {
    // No /proc, or not allowed for Deno.
    return usual;
  }
}
