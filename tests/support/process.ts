/**
 * Processes of the program that a test watches, stops and kills.
 *
 * @module
 */
import { environment, type Outcome, PROGRAM, PROJECT } from "./program.ts";

/** A process of the program, or of a test's own variant of it. */
export class Process implements AsyncDisposable {
  /** The process id. */
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Promise<string>;
  readonly #stderr: Promise<string>;

  /**
   * Starts it.
   *
   * @param args The arguments.
   * @param how The words that run the program, and variables on top of a
   * minimal environment.
   */
  constructor(
    args: readonly string[],
    { program = PROGRAM, env = {} }: {
      readonly program?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    } = {},
  ) {
    const [command, ...first] = program;
    this.#child = new Deno.Command(command!, {
      args: [...first, ...args],
      cwd: PROJECT,
      clearEnv: true,
      env: environment(env),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#stdout = new Response(this.#child.stdout).text();
    this.#stderr = new Response(this.#child.stderr).text();
  }

  /** Sends it a signal, if it is still there. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Waits for its end. */
  async end(): Promise<Outcome & { readonly signal: Deno.Signal | null }> {
    const { code, signal } = await this.#child.status;
    return {
      status: code,
      signal,
      stdout: await this.#stdout,
      stderr: await this.#stderr,
    };
  }

  /** Waits until a signal has stopped it. */
  async stopped(): Promise<void> {
    for (;;) {
      const stat = await Deno.readTextFile(`/proc/${this.pid}/stat`);
      // The state comes behind the name, which is in brackets.
      const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
      if (state === "T") return;
      if (state === "Z") {
        throw new Error(`${this.pid} ended: ${await this.#stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /**
   * Waits until one of its threads sleeps in a function of the kernel.
   *
   * @param what A part of that function's name.
   */
  async waitsFor(what: string): Promise<void> {
    for (;;) {
      for (const { name } of Deno.readDirSync(`/proc/${this.pid}/task`)) {
        const path = `/proc/${this.pid}/task/${name}/wchan`;
        if ((await Deno.readTextFile(path)).includes(what)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.end();
  }
}

/**
 * The words that run the program with a signal to itself at a step of its way.
 *
 * @param at The number of the step, or its operation and path.
 */
export function selfEnding(
  signal: "SIGKILL" | "SIGSTOP",
  way: "before" | "half" | "after",
  at: number | string,
): string[] {
  return [
    ...[Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check"],
    `${PROJECT}/tests/support/signalled_main.ts`,
    ...[signal, way, `${at}`],
  ];
}
