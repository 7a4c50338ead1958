/**
 * Terminals of a test's own, made by `script`: what runs there believes that a
 * person sits at it.
 *
 * @module
 */
import { environment, type Outcome, PROGRAM, runTool } from "./program.ts";
import { hasTool } from "./tools.ts";

/** Whether to run tests that need a terminal. */
export const hasTerminal: boolean = hasTool("script", "--version");

/** How long a text may take to show, so that a test that fails ends at all. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Runs the program to its end in a terminal of so many columns.
 *
 * @param prefix What runs it, for instance in a network.
 */
export async function inTerminal(
  columns: number,
  args: readonly string[],
  { prefix = [], program = PROGRAM, env = {} }: {
    readonly prefix?: readonly string[];
    readonly program?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Outcome> {
  const command = [...prefix, ...program, ...args];
  const outcome = await runTool(
    inScript(`stty cols ${columns}; exec ${quoted(command)}`),
    { env: { TERM: "dumb", SHELL: "/bin/sh", ...env } },
  );
  // That is how a terminal ends its lines.
  return { ...outcome, stdout: outcome.stdout.replaceAll("\r\n", "\n") };
}

/** Words that run a line of shell in a terminal. */
function inScript(line: string): readonly string[] {
  return ["script", "--quiet", "--return", "--command", line, "/dev/null"];
}

/** Words as a shell reads them. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** A program in a terminal of its own, at which keys can be pressed. */
export class Terminal {
  readonly #process: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #program: number | undefined;
  #shown = "";
  #ended = false;
  #onChange = () => {};

  /** Starts a command in a wide terminal. */
  constructor(
    command: readonly string[],
    { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
  ) {
    const [script, ...args] = inScript(
      `echo $$; stty cols 300 rows 100; exec ${quoted(command)}`,
    );
    this.#process = new Deno.Command(script!, {
      args,
      cwd,
      clearEnv: true,
      env: environment({ TERM: "dumb", SHELL: "/bin/sh", ...env }),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keys = this.#process.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Presses keys. */
  async type(keys: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(keys));
  }

  /**
   * Waits until the terminal has shown one of some texts, and forgets what was
   * shown up to there.
   *
   * @returns the text, and what was shown before it.
   */
  async shows(
    ...texts: readonly string[]
  ): Promise<{ text: string; before: string }> {
    const timer = setTimeout(() => this.#kill(), LONGEST_WAIT_MS);
    try {
      for (;;) {
        const text = texts.find((text) => this.#shown.includes(text));
        if (text !== undefined) {
          const [before = "", ...after] = this.#shown.split(text);
          this.#shown = after.join(text);
          return { text, before };
        }
        if (this.#ended) {
          const shown = JSON.stringify(this.#shown);
          throw new Error(`the terminal never showed ${texts}, but ${shown}`);
        }
        await new Promise<void>((resolve) => this.#onChange = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the program, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#reading;
    await this.#process.status;
    await this.#keys.abort();
  }

  /** `script` ends with the program, and not before it. */
  #kill(): void {
    if (this.#ended) return;
    try {
      if (this.#program === undefined) this.#process.kill("SIGKILL");
      else Deno.kill(this.#program, "SIGKILL");
    } catch (error) {
      // It ended by itself.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#process.stdout) {
      this.#shown += decoder.decode(bytes, { stream: true });
      if (this.#program === undefined) this.#readProcessId();
      this.#onChange();
    }
    this.#ended = true;
    this.#onChange();
  }

  /** The first line says which process becomes the program. */
  #readProcessId(): void {
    const [line, id] = /^(\d+)\r\n/.exec(this.#shown) ?? [];
    if (line === undefined) return;
    this.#program = Number(id);
    this.#shown = this.#shown.slice(line.length);
  }
}
