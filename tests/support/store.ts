import { assertEquals } from "@std/assert";
import { type Outcome, portFor, type RunOptions, works } from "./program.ts";
import { TempFolder } from "./temp.ts";

/** Whether this is a system with shells, signals and `/` in its paths. */
export const isUnix: boolean = Deno.build.os !== "windows";

/** Runs the program so that file permissions keep out even root. */
export const KEPT_OUT: readonly string[] =
  Deno.build.os === "linux" && Deno.uid() === 0
    ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    : [];

/** Whether file permissions can keep the program out. */
export const canBeKeptOut: boolean = isUnix &&
  (Deno.uid() !== 0 || (KEPT_OUT.length > 0 && works(...KEPT_OUT, "true")));

/** A store of a test's own, named by `PORT_FOR_STORE`, and calls on it. */
export class StackStore extends TempFolder {
  /** The path of the store. */
  readonly store: string = this.file("ports.toml");

  /** Writes the store as a person would. */
  fill(text: string): void {
    Deno.writeTextFileSync(this.store, text);
  }

  /** What the store says. */
  text(): string {
    return Deno.readTextFileSync(this.store);
  }

  /** Calls the program on this store. */
  call(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return portFor(args, {
      ...options,
      env: { PORT_FOR_STORE: this.store, ...options.env },
    });
  }

  /** What a call that has to succeed without a word of warning prints. */
  async print(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<string> {
    const { status, stdout, stderr } = await this.call(args, options);
    assertEquals([status, stderr], [0, ""], args.join(" "));
    return stdout;
  }

  /** The port, or the ports, that such a call prints. */
  async ports(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<number[]> {
    return (await this.print(args, options)).trimEnd().split("\n").map(Number);
  }
}
