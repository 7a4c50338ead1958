/**
 * A network of a test's own: nobody holds a port there but who a test says, and
 * its sysctls are nobody else's. Linux only.
 *
 * @module
 */
import { type Outcome, portFor, type RunOptions, works } from "./program.ts";

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

/** Root makes a network as it is, others within a user namespace. */
const UNSHARE = ["unshare", ...(isRoot ? [] : ["--map-root-user"]), "--net"];

/**
 * Whether to run tests that need such a network. In CI they run in any case:
 * better to fail there than to be left out unseen.
 */
export const hasNetworks: boolean = Deno.build.os === "linux" &&
  (Deno.env.has("CI") ||
    works(...UNSHARE, "sh", "-c", "ip link set lo up && nsenter --version"));

/** How a process holds a port. */
export type Hold = {
  readonly port: number;
  /** `connected`: it has no more than a connection from that port. */
  readonly how: "listening" | "bound" | "udp" | "udp connected" | "connected";
  readonly host: string;
  /** What the process calls itself. */
  readonly name?: string;
  /** The user whose process it is; by default, whose this one is. */
  readonly user?: number;
};

/** A network, until the end of the block. */
export class Network implements AsyncDisposable {
  readonly #keeper: Process;
  readonly #holders: Process[] = [];

  private constructor(keeper: Process) {
    this.#keeper = keeper;
  }

  /**
   * Makes a network:
   *
   *     await using network = await Network.of();
   *
   * @param setUp Shell commands to run in it first.
   */
  static async of(setUp = ":"): Promise<Network> {
    const script = `set -e; ip link set lo up; ${setUp}; echo ready; exec cat`;
    return new Network(
      await Process.start([...UNSHARE, "sh", "-c", script]),
    );
  }

  /** What runs a command in it. */
  get prefix(): readonly string[] {
    return [
      "nsenter",
      `--target=${this.#keeper.pid}`,
      "--net",
      ...(isRoot ? [] : ["--user", "--preserve-credentials"]),
    ];
  }

  /** Runs the program in it. */
  portFor(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const prefix = [...this.prefix, ...(options.prefix ?? [])];
    return portFor(args, { ...options, prefix });
  }

  /** Has a process of its own hold a port. Returns that process's id. */
  async hold({ port, how, host, name = "", user }: Hold): Promise<number> {
    const holder = await Process.start([
      ...this.prefix,
      ...(user === undefined ? [] : asUser(user)),
      ...["/usr/bin/python3", "-I", "-S", "-c", HOLDER],
      ...[how, host, `${port}`, name],
    ]);
    this.#holders.push(holder);
    return holder.pid;
  }

  /** Has a process of its own do as a Python program says. Returns its id. */
  async run(program: string): Promise<number> {
    const process = await Process.start([
      ...this.prefix,
      ...["/usr/bin/python3", "-I", "-S", "-c", program],
    ]);
    this.#holders.push(process);
    return process.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of this.#holders) await holder[Symbol.asyncDispose]();
    await this.#keeper[Symbol.asyncDispose]();
  }
}

function asUser(user: number): string[] {
  return ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
}

/**
 * It ends with its standard input, so that it never outlives a test that was
 * killed. A connection needs somebody who accepts: that is another process.
 */
const HOLDER = `
import ctypes, os, socket, sys
how, host, port, name = sys.argv[1:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
udp = how.startswith("udp")
holder = socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
if name:
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
if family == socket.AF_INET6:
    holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
holder.bind((host, int(port)))
if how == "listening":
    holder.listen()
if how == "udp connected":
    holder.connect((host, 9))
if how == "connected":
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

/** A process that says when it is ready, and ends with its standard input. */
class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#output = child.stdout.getReader();
  }

  static async start([command, ...args]: readonly string[]): Promise<Process> {
    const child = new Deno.Command(command!, {
      args,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const process = new Process(child);
    const { done } = await process.#output.read();
    if (!done) return process;
    await process[Symbol.asyncDispose]();
    throw new Error(`cannot run ${[command, ...args].join(" ")}`);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.status;
    await this.#output.cancel();
  }
}
