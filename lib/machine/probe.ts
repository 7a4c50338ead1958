import { PortForError } from "../error.ts";
import { checkPort, SYSTEM_PORTS } from "../ports/port_range.ts";
import { currentRuntime } from "../runtime/current.ts";
import type { BindResult, Runtime } from "../runtime/runtime.ts";

/** How to probe a port. */
export interface ProbeOptions {
  /** Ask that the UDP port be free too. By default only TCP is asked about. */
  readonly udp?: boolean;
}

const WILDCARDS = ["0.0.0.0", "::"];
const LOOPBACKS = ["127.0.0.1", "::1"];

/**
 * On Linux, binding the wildcard addresses finds holders on every address.
 * Elsewhere it does not find one that has bound another address and does not
 * listen; those on the loopback are found by binding just there.
 */
function addressesToBind({ os }: Runtime): string[] {
  return os === "linux" ? WILDCARDS : [...WILDCARDS, ...LOOPBACKS];
}

/** A connection to this machine that takes longer is not going to be refused. */
const CONNECT_TIMEOUT_MS = 500;

/**
 * Whether somebody holds a port on this machine: it cannot be bound on
 * `0.0.0.0` or on `::`, or something accepts a connection (or does not answer
 * within half a second) on `127.0.0.1` or `::1`. An IP version that the
 * machine does not have is not "used". Nothing is left listening.
 *
 * @param port The port, 1-65535.
 * @throws {PortForError} `BAD_INPUT` where `port` is not a port; `FAILED` where
 * the system has no sockets left to ask with.
 *
 * @example
 * ```ts
 * import { portIsUsed } from "@x/port-for";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * console.log(await portIsUsed(listener.addr.port)); // true
 * listener.close();
 * ```
 */
export function portIsUsed(
  port: number,
  options: ProbeOptions = {},
): Promise<boolean> {
  return probe(port, options, currentRuntime);
}

/** `portIsUsed` on a given runtime. */
export async function probe(
  port: number,
  { udp = false }: ProbeOptions,
  runtime: Runtime,
): Promise<boolean> {
  checkPort(port, "probe port");
  try {
    for (const host of addressesToBind(runtime)) {
      if (isHeld(port, runtime.bindTcp(host, port))) return true;
    }
    if (udp) {
      for (const host of addressesToBind(runtime)) {
        if (isHeld(port, await runtime.bindUdp(host, port))) return true;
      }
    }
    // Only what could be bound is connected to, so no server is disturbed
    // without need. This finds the holders that a system lets share a port.
    const answers = await Promise.all(
      LOOPBACKS.map((host) =>
        runtime.connectTcp(host, port, CONNECT_TIMEOUT_MS)
      ),
    );
    return answers.some((answer) => answer !== "refused");
  } catch (error) {
    throw new PortForError(
      "FAILED",
      `cannot probe port ${port}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/**
 * A port that may not be bound is no use to anyone, but for system ports, which
 * a privileged program may still bind: there only connecting can tell.
 */
function isHeld(port: number, result: BindResult): boolean {
  return result === "in use" ||
    (result === "denied" && port > SYSTEM_PORTS.last);
}
