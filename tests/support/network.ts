/**
 * A network of a test's own: nobody holds a port there but who a test says, none
 * is promised to anybody, and its sysctls are nobody else's. Linux only.
 *
 * @module
 */
import { Child } from "./child.ts";
import { Holder, type HoldKind, PYTHON } from "./holders.ts";
import { HIDE_PROMISES } from "./mounts.ts";
import { isRoot, UNSHARE } from "./namespace.ts";
import { type Outcome, portFor, type RunOptions, works } from "./program.ts";

/**
 * Whether to run tests that need such a network. In CI they run in any case:
 * better to fail there than to be left out unseen.
 */
export const hasNetworks: boolean = Deno.build.os === "linux" &&
  (Deno.env.has("CI") || works(
    ...[...UNSHARE, "--mount", "sh", "-c"],
    "ip link set lo up && mount -t tmpfs none /run && nsenter --version",
  ));

/** How a process holds a port. */
export interface Hold {
  readonly port: number;
  readonly how: HoldKind;
  /** By default 127.0.0.1. */
  readonly host?: string;
  /** What the process calls itself. */
  readonly name?: string;
  /** The user whose process it is; by default, whose this one is. */
  readonly user?: number;
}

/** A network, until the end of the block. */
export class Network implements AsyncDisposable {
  readonly #keeper: Child;
  readonly #processes: Child[] = [];

  private constructor(keeper: Child) {
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
    const script = `set -e; ip link set lo up; ${HIDE_PROMISES}
      ${setUp}; echo ready; exec cat`;
    return new Network(
      await Child.start([...UNSHARE, "--mount", "sh", "-c", script]),
    );
  }

  /** What runs a command in it. */
  get prefix(): readonly string[] {
    const user = isRoot ? "" : "--user --preserve-credentials";
    const script = `exec nsenter --target=${this.#keeper.pid} --net --mount \
      ${user} --wdns="$PWD" -- "$@"`;
    return ["sh", "-c", script, "sh"];
  }

  /** Runs the program in it. */
  portFor(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const prefix = [...this.prefix, ...(options.prefix ?? [])];
    return portFor(args, { ...options, prefix });
  }

  /** Has a process of its own hold a port. Returns that process's id. */
  async hold(
    { port, how, host = "127.0.0.1", name, user }: Hold,
  ): Promise<number> {
    const as = user === undefined
      ? []
      : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
    const prefix = [...this.prefix, ...as];
    const holder = await Holder.of(port, how, host, { name, prefix });
    this.#processes.push(holder);
    return holder.pid;
  }

  /** Has a process of its own do as a Python program says. Returns its id. */
  async run(program: string): Promise<number> {
    const python = [PYTHON, "-I", "-S", "-c", program];
    const process = await Child.start([...this.prefix, ...python]);
    this.#processes.push(process);
    return process.pid;
  }

  /** Ends all that hold a port. */
  async release(): Promise<void> {
    for (const process of this.#processes.splice(0)) {
      await process[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
    await this.#keeper[Symbol.asyncDispose]();
  }
}
