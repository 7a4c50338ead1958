import { selectRandom } from "../../lib/machine/select.ts";
import { availableGoodPorts } from "../../lib/machine/good_ports.ts";
import { type PortSet, portSet } from "../../lib/ports/port_set.ts";
import { Child } from "./child.ts";
import { works } from "./program.ts";

/**
 * How somebody may hold a port: `listening` and `bound` (without listening)
 * are TCP; `connected` is no more than a connection from that port.
 */
export type HoldKind =
  | "listening"
  | "bound"
  | "connected"
  | "udp"
  | "udp connected";

/** Who holds a port, and where. */
export interface HoldOptions {
  /** What the process calls itself. */
  readonly name?: string | undefined;
  /** What runs its command, for instance as somebody else. */
  readonly prefix?: readonly string[];
}

/** Somebody who holds a port until the end of the block. */
export const Holder = {
  /**
   * Holds a port in another process, as a plain program would:
   *
   *     await using _ = await Holder.of(port, "listening", "127.0.0.1");
   */
  of(
    port: number,
    kind: HoldKind,
    host: string,
    { name = "", prefix = [] }: HoldOptions = {},
  ): Promise<Child> {
    return Child.start([
      ...prefix,
      ...[PYTHON, "-I", "-S", "-c", HOLDER, host, `${port}`, kind, name],
    ]);
  },
};

/** Debian's own first: what else is called python3 may be a slow wrapper. */
export const PYTHON: string = works("/usr/bin/python3", "--version")
  ? "/usr/bin/python3"
  : "python3";

/**
 * Deno cannot bind a socket without listening on it, nor without SO_REUSEADDR.
 * A connection needs somebody who accepts it: that is a process of its own.
 */
const HOLDER = `
import ctypes, os, socket, sys
host, port, kind, name = sys.argv[1:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
udp = kind.startswith("udp")
holder = socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
if name:
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
if family == socket.AF_INET6:
    holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
holder.bind((host, int(port)))
if kind == "listening":
    holder.listen()
if kind == "udp connected":
    holder.connect((host, 9))
if kind == "connected":
    server = socket.socket(family)
    server.bind((host, 0))
    server.listen()
    at = server.getsockname()
    if os.fork() == 0:
        holder.close()
        # Only what the other end says is worth waking up for: its end.
        server.accept()[0].recv(1)
        os._exit(0)
    server.close()
    holder.connect(at)
print("ready", flush=True)
sys.stdin.read()
`;

/**
 * A port that is free now, and that no port-for running at the same time takes
 * or probes: those draw good ports only.
 *
 * @param among The ports to choose from.
 */
export function freePort(
  among: PortSet = portSet("10000-32767"),
): Promise<number> {
  return selectRandom(among, { exclude: availableGoodPorts(), udp: true });
}

/** Whether this machine has IPv6; containers often have not. */
export const hasIpv6: boolean = canListenOn("::1");

function canListenOn(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
