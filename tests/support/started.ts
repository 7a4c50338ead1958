import process from "node:process";
import { environment, type RunOptions } from "./program.ts";

/** How long a text may take to show, so that a test that fails ends at all. */
const LONGEST_WAIT_MS = 90_000;

/**
 * Any command while it runs, in a process group of its own: what it starts ends
 * with it.
 */
export class Started implements AsyncDisposable {
  /** Its process id. */
  readonly pid: number;
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  #said = "";
  #hasEnded = false;
  #onChange = () => {};

  /** Starts it. */
  constructor(
    words: readonly string[],
    { cwd, env = {} }: Pick<RunOptions, "cwd" | "env">,
  ) {
    this.#process = new Deno.Command("setsid", {
      args: [...words],
      ...(cwd === undefined ? {} : { cwd }),
      clearEnv: true,
      env: environment(env),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    const { stdout, stderr } = this.#process;
    this.#reading = Promise.all([this.#read(stdout), this.#read(stderr)])
      .then(() => {
        this.#hasEnded = true;
        this.#onChange();
      });
  }

  /** What it has said so far. */
  get said(): string {
    return this.#said;
  }

  /** Waits until it has said something. */
  async says(wanted: RegExp): Promise<RegExpExecArray> {
    const timer = setTimeout(() => this.#signal("SIGKILL"), LONGEST_WAIT_MS);
    try {
      for (;;) {
        const found = wanted.exec(this.#said);
        if (found) return found;
        if (this.#hasEnded) {
          throw new Error(`it never said ${wanted}, but ${this.#said}`);
        }
        await new Promise<void>((resolve) => this.#onChange = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal to it alone, and waits for its end. */
  async end(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    Deno.kill(this.pid, signal);
    const status = await this.#process.status;
    await this.#reading;
    return status;
  }

  /** Ends all that it started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal("SIGKILL");
    await this.#process.status;
    await this.#reading;
  }

  #signal(signal: Deno.Signal): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#said += text;
      this.#onChange();
    }
  }
}
