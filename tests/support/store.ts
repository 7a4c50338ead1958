import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isRoot } from "./namespace.ts";
import { hasNetworks, Network } from "./network.ts";
import { type Outcome, portFor, type RunOptions, works } from "./program.ts";
import { TempFolder } from "./temp.ts";

/** Whether this is a system with shells, signals and `/` in its paths. */
export const isUnix: boolean = Deno.build.os !== "windows";

/** Runs the program so that file permissions keep out even root. */
export const KEPT_OUT: readonly string[] = isRoot
  ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
  : [];

/** Whether file permissions can keep the program out. */
export const canBeKeptOut: boolean = isUnix &&
  (!isRoot || works(...KEPT_OUT, "true"));

/** A moment at which a lease of a test's store has ended. */
export const LONG_AGO = "2020-01-01T00:00:00Z";

/**
 * The network that all the stores of a test file are called in, so that nobody
 * else's port is in the way of theirs. Where there are no such networks, it is
 * the machine's. It ends with the tests of the file.
 */
export const network: Network | undefined = hasNetworks
  ? await Network.of()
  : undefined;

/** A store of a test's own, named by `PORT_FOR_STORE`, and calls on it. */
export class Store extends TempFolder {
  /** Where the store is. */
  readonly storePath: string = this.file("ports.toml");

  /** Where it is called: as a rule, in the network of this file's tests. */
  network: Network | undefined = network;

  /** @param text What the store says; without it, there is none yet. */
  constructor(text?: string) {
    super();
    if (text !== undefined) this.text = text;
  }

  /** What the store says. */
  get text(): string {
    return Deno.readTextFileSync(this.storePath);
  }

  /** Writes the store as a person would. */
  set text(text: string) {
    Deno.writeTextFileSync(this.storePath, text);
  }

  /** Calls the program on this store. */
  call(...args: string[]): Promise<Outcome> {
    return this.callWith({}, ...args);
  }

  /** Calls the program on this store, elsewhere or otherwise. */
  callWith(options: RunOptions, ...args: string[]): Promise<Outcome> {
    return portFor(args, {
      ...options,
      env: { PORT_FOR_STORE: this.storePath, ...options.env },
      prefix: [...this.network?.prefix ?? [], ...options.prefix ?? []],
    });
  }

  /** What a call that has to succeed without a word of warning prints. */
  print(...args: string[]): Promise<string> {
    return this.printWith({}, ...args);
  }

  /** The same, elsewhere or otherwise. */
  async printWith(options: RunOptions, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.callWith(options, ...args);
    assertEquals([status, stderr], [0, ""], args.join(" "));
    return stdout;
  }

  /** The port, or the ports, that such a call prints. */
  async ports(...args: string[]): Promise<number[]> {
    return (await this.print(...args)).trimEnd().split("\n").map(Number);
  }

  /** Asserts that `--list` lists nothing, and says what to do next. */
  async listsNothing(): Promise<void> {
    const { status, stdout, stderr } = await this.call("--list");
    assertEquals([status, stdout], [0, ""]);
    assertStringIncludes(stderr, `no name has a port in ${this.storePath} yet`);
    assertStringIncludes(stderr, "port-for NAME");
  }

  /** Asserts that a call is refused, in one line that has all of some parts. */
  async refuses(
    args: readonly string[],
    status: 1 | 2,
    ...parts: string[]
  ): Promise<void> {
    assertRefused(await this.call(...args), status, ...parts);
  }
}

/** Asserts that a call was refused, in one line that has all of some parts. */
export function assertRefused(
  { stdout, stderr, ...outcome }: Outcome,
  status: 1 | 2,
  ...parts: string[]
): void {
  assertEquals([outcome.status, stdout], [status, ""], stderr);
  // In the form of every refusal, with nothing that would confuse a terminal.
  assertMatch(stderr, /^port-for: cannot \P{Cc}+: \P{Cc}+\n$/u);
  for (const part of parts) assertStringIncludes(stderr, part);
}

/** Asserts that a call warned, in one line that has all of some parts. */
export function assertWarned(
  { stderr }: Outcome,
  ...parts: string[]
): void {
  assertMatch(stderr, /^port-for: warning: \P{Cc}+\n$/u);
  for (const part of parts) assertStringIncludes(stderr, part);
}

/** A test for systems with shells, signals and `/` in their paths. */
export function unixTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !isUnix, fn });
}

/**
 * A test with the network of this file's tests, in which nobody holds a port.
 *
 * @param needs Whether this machine has what else the test needs.
 */
export function networkTest(
  name: string,
  fn: (network: Network) => Promise<void>,
  needs = true,
): void {
  Deno.test({
    name,
    ignore: network === undefined || !needs,
    fn: async () => {
      try {
        await fn(network!);
      } finally {
        await network!.release();
      }
    },
  });
}
