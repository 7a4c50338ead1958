import { ENVIRONMENT } from "./environment.ts";
import { lines } from "./lines.ts";

/** What ends with its standard input, and until then is there. */
class Companion implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: AsyncGenerator<string>;

  constructor([command, ...args]: readonly string[]) {
    this.#process = new Deno.Command(command!, {
      args,
      clearEnv: true,
      env: ENVIRONMENT,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#output = lines(this.#process.stdout);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Waits until it says that it is ready. */
  async ready(): Promise<void> {
    const { value } = await this.#output.next();
    if (value !== "ready") throw new Error("it ended");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close();
    await this.#process.status;
    await this.#output.return(undefined);
  }
}

/**
 * A network namespace of the bench's own, with a loopback device and with some
 * good ports in use. It is gone at the end of the block.
 */
export class Namespace implements AsyncDisposable {
  /** What runs a command in it. */
  readonly prefix: readonly string[];
  readonly #companions: AsyncDisposableStack;

  private constructor(
    prefix: readonly string[],
    companions: AsyncDisposableStack,
  ) {
    this.prefix = prefix;
    this.#companions = companions;
  }

  /** @param portsInUse How many good ports something listens on. */
  static async with(portsInUse: number): Promise<Namespace> {
    await using companions = new AsyncDisposableStack();
    const keeper = companions.use(
      new Companion([
        ...["unshare", "--net", "sh", "-c"],
        "ip link set lo up && echo ready && exec cat",
      ]),
    );
    await keeper.ready();
    const prefix = ["nsenter", `--net=/proc/${keeper.pid}/ns/net`, "--"];
    const listener = companions.use(
      new Companion([
        ...[...prefix, Deno.execPath(), "run", "--quiet", "--allow-all"],
        ...[`${import.meta.dirname}/listen.ts`, `${portsInUse}`],
      ]),
    );
    await listener.ready();
    return new Namespace(prefix, companions.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#companions.disposeAsync();
  }
}
