import { ENVIRONMENT } from "./environment.ts";
import { lines } from "./lines.ts";

/** What one run of a whole process took, and what it said. */
export interface Timing {
  /** From starting it until it was gone. */
  readonly seconds: number;
  /** What it used of the processors, in user and in system mode. */
  readonly cpuSeconds: number;
  /** The most memory that it had at once. */
  readonly peakKiB: number;
  /** Its exit status; a negative number is the signal that ended it. */
  readonly status: number;
  /** Its standard output and standard error. */
  readonly output: string;
}

/** How to run a command. */
export interface TimingOptions {
  /** The folder to run it in. By default the root folder. */
  readonly folder?: string;
  /** It is ended after this many seconds. By default 60. */
  readonly timeout?: number;
}

/** Times whole processes, one after the other. */
export class Stopwatch implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncGenerator<string>;

  /** @param prefix A command that runs it elsewhere, such as `nsenter`. */
  constructor(prefix: readonly string[] = []) {
    const [command, ...args] = [
      ...prefix,
      ...["python3", "-I", "-S", `${import.meta.dirname}/stopwatch.py`],
    ];
    try {
      this.#process = new Deno.Command(command!, {
        args,
        clearEnv: true,
        env: ENVIRONMENT,
        stdin: "piped",
        stdout: "piped",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(
        `cannot time processes: there is no ${command} ` +
          `(apt-get install python3)`,
      );
    }
    this.#requests = this.#process.stdin.getWriter();
    this.#answers = lines(this.#process.stdout);
  }

  /** Runs a command to its end. */
  async time(
    words: readonly string[],
    { folder = "/", timeout = 60 }: TimingOptions = {},
  ): Promise<Timing> {
    const request = JSON.stringify({ words, folder, timeout });
    await this.#requests.write(new TextEncoder().encode(`${request}\n`));
    const { value } = await this.#answers.next();
    const shown = words.join(" ");
    if (!value) throw new Error(`cannot run ${shown}: the stopwatch ended`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`cannot run ${shown}: ${answer.error}`);
    if (answer.timedOut) {
      throw new Error(`cannot time ${shown}: it took more than ${timeout} s`);
    }
    return answer;
  }

  /** Ends it, and what it is running. */
  end(): void {
    try {
      this.#process.kill("SIGTERM");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await this.#process.status;
    await this.#answers.return(undefined);
    await this.#requests.abort();
  }
}
