import { selectRandom } from "../../lib/machine/select.ts";
import { availableGoodPorts } from "../../lib/machine/good_ports.ts";
import { type PortSet, portSet } from "../../lib/ports/port_set.ts";

/**
 * How somebody may hold a port: `listening` and `bound` (without listening)
 * are TCP.
 */
export type HoldKind = "listening" | "bound" | "udp";

/** Somebody who holds a port until the end of the block. */
export class Holder implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;

  private constructor(
    process: Deno.ChildProcess,
    output: ReadableStreamDefaultReader<Uint8Array>,
  ) {
    this.#process = process;
    this.#output = output;
  }

  /**
   * Holds a port in another process, as a plain program would:
   *
   *     await using _ = await Holder.of(port, "listening", "127.0.0.1");
   */
  static async of(
    port: number,
    kind: HoldKind,
    host: string,
  ): Promise<Holder> {
    const process = python(PROGRAM, host, `${port}`, kind);
    const holder = new Holder(process, process.stdout.getReader());
    const { done } = await holder.#output.read();
    if (!done) return holder;
    await holder[Symbol.asyncDispose]();
    throw new Error(`python3 cannot hold port ${port} (${kind}) on ${host}`);
  }

  /** The process that holds it. */
  get pid(): number {
    return this.#process.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#process.status;
    await this.#output.cancel();
    await this.#process.stdin.abort();
  }
}

/**
 * Deno cannot bind a socket without listening on it, nor without SO_REUSEADDR.
 * The process ends with its standard input, so that it never outlives a test
 * that was killed.
 */
const PROGRAM = `
import socket, sys
host, port, kind = sys.argv[1:]
ipv6 = ":" in host
holder = socket.socket(
    socket.AF_INET6 if ipv6 else socket.AF_INET,
    socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM,
)
if ipv6:
    holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
holder.bind((host, int(port)))
if kind == "listening":
    holder.listen()
print("ready", flush=True)
sys.stdin.read()
`;

function python(program: string, ...args: string[]): Deno.ChildProcess {
  // Debian's own first: what else is called python3 may be a slow wrapper.
  for (const command of ["/usr/bin/python3", "python3"]) {
    try {
      return new Deno.Command(command, {
        args: ["-I", "-S", "-c", program, ...args],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error("this test needs python3: apt-get install python3");
}

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
