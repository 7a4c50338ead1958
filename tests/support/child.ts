import { environment } from "./program.ts";

/**
 * A process that says when it is ready, by any output, and ends with its
 * standard input: it never outlives a test that was killed.
 */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;

  /** What it said when it was ready. */
  said = "";

  protected constructor(command: string, args: readonly string[]) {
    this.#process = new Deno.Command(command, {
      args: [...args],
      clearEnv: true,
      env: environment(),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#output = this.#process.stdout.getReader();
  }

  /** Starts it, and waits until it is ready. */
  static async start([command, ...args]: readonly string[]): Promise<Child> {
    const child = new Child(command!, args);
    const { done, value } = await child.#output.read();
    child.said = new TextDecoder().decode(value);
    if (!done) return child;
    await child[Symbol.asyncDispose]();
    throw new Error(`${command} ended without a word: ${args.join(" ")}`);
  }

  /** Its process id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Has it end, and waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
    await this.#output.cancel();
  }
}
