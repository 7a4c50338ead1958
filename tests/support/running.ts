import process from "node:process";
import { environment, PROGRAM, PROJECT, type RunOptions } from "./program.ts";

/** How a program ended. */
export interface Ending {
  /** Its exit status. */
  readonly status: number;
  /** The signal that ended it, if one did. */
  readonly signal: Deno.Signal | null;
}

/** How long a line may take, so that a test that fails ends at all. */
const LONGEST_WAIT_MS = 60_000;

/** The program while it runs: it can be read from, written to and signalled. */
export class Running implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #unread = "";
  #child: number | undefined;

  /** Starts the program. */
  constructor(
    args: readonly string[],
    { env = {}, cwd = PROJECT, prefix = [], program = PROGRAM }: RunOptions =
      {},
  ) {
    const [command, ...words] = [...prefix, ...program, ...args];
    this.#process = new Deno.Command(command!, {
      args: words,
      cwd,
      clearEnv: true,
      env: environment(env),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#output = this.#process.stdout
      .pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#process.stdin.getWriter();
  }

  /** Its process id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** The process id that its command prints first. */
  async child(): Promise<number> {
    return this.#child = Number(await this.line());
  }

  /** The next line on its standard output, which is its command's, too. */
  async line(): Promise<string> {
    // A command that outlived the program would keep the output open for ever.
    const timer = setTimeout(() => this.#output.cancel(), LONGEST_WAIT_MS);
    try {
      return await this.#nextLine();
    } finally {
      clearTimeout(timer);
    }
  }

  async #nextLine(): Promise<string> {
    for (;;) {
      const end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#output.read();
      if (done) throw new Error(`no line came after ${this.#unread}`);
      this.#unread += value;
    }
  }

  /** Writes to its standard input. */
  async write(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Waits until it ends. */
  async ending(): Promise<Ending> {
    const { code, signal } = await this.#process.status;
    return { status: code, signal };
  }

  /** Ends both if they still run: a test that fails leaves nothing behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined && !isGone(this.#child)) {
      Deno.kill(this.#child, "SIGKILL");
    }
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#process.status;
    await this.#output.cancel();
    await this.#input.abort();
  }
}

/** Whether there is no process of this number, not even a zombie. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return true;
    throw error;
  }
}
