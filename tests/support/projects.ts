import { assertEquals } from "@std/assert";
import type { Network } from "./network.ts";
import { type Outcome, portFor, type RunOptions } from "./program.ts";
import { network } from "./store.ts";
import { TempFolder } from "./temp.ts";

/**
 * A home with checkouts in it, and calls from folders of theirs. They use the
 * user's own store, as those of a person do, in the network of the file's tests.
 */
export class Projects extends TempFolder {
  /** The user's own store. */
  readonly store: string = this.file(".local/state/port-for/port-for.toml");
  /** Where the calls are made. */
  network: Network | undefined = network;

  /** Makes a folder, with those above it. Returns its path. */
  folder(name: string): string {
    Deno.mkdirSync(this.file(name), { recursive: true });
    return this.file(name);
  }

  /** Makes a checkout, with a manifest. Returns its path. */
  checkout(name: string, manifest?: string): string {
    const path = this.folder(name);
    this.folder(`${name}/.git`);
    this.write(`${name}/.git/HEAD`, "ref: refs/heads/main\n");
    if (manifest !== undefined) this.manifest(name, manifest);
    return path;
  }

  /** Writes the manifest of a checkout. Returns its path. */
  manifest(name: string, text: string): string {
    return this.write(`${name}/.port-for.toml`, text);
  }

  /** A call with `--here` from a folder. */
  call(cwd: string, ...args: string[]): Promise<Outcome> {
    return this.callWith({ cwd }, "--here", ...args);
  }

  /** A call of any kind, somewhere. */
  callWith(options: RunOptions, ...args: string[]): Promise<Outcome> {
    return portFor(args, {
      ...options,
      env: { HOME: this.path, ...options.env },
      prefix: [...this.network?.prefix ?? [], ...options.prefix ?? []],
    });
  }

  /** What a call with `--here` prints that has to succeed without a word. */
  async print(cwd: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.call(cwd, ...args);
    assertEquals([status, stderr], [0, ""], args.join(" "));
    return stdout;
  }

  /** The ports of names of a folder's checkout. */
  async ports(
    cwd: string,
    ...args: string[]
  ): Promise<Record<string, number | number[]>> {
    return JSON.parse(await this.print(cwd, "--json", ...args));
  }
}
