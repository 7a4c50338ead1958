/**
 * What the fault tests have in common: a short form, which is part of every
 * test run, a long one, which is asked for with `PORT_FOR_FAULTS=long`, a seed
 * and a count of what was survived.
 *
 * @module
 */
import { works } from "./program.ts";

/** Whether the long form was asked for. */
export const isLong: boolean = Deno.env.get("PORT_FOR_FAULTS") === "long";

/** How often, or how long, in the form that was asked for. */
export function inForm<T>(short: T, long: T): T {
  return isLong ? long : short;
}

/**
 * Where all random choices come from. The short form makes the same ones every
 * time, so that it fails for a reason; the long form makes new ones.
 */
export const SEED: number = Number(
  Deno.env.get("PORT_FOR_FAULTS_SEED") || inForm(1, newSeed()),
);

/** A seed that nobody chose. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** What can be survived. */
export interface Survived {
  /** Operations that failed, were disturbed, or met a hostile file. */
  readonly faults: number;
  /** Processes that were killed on their way. */
  readonly kills: number;
  /** Processes of the program that ran, the killed ones included. */
  readonly processes: number;
  /** Stores that were mutated. */
  readonly mutations: number;
}

/** Reports what a test survived to whoever counts, if somebody does. */
export function survived(counts: Partial<Survived>): void {
  const file = Deno.env.get("PORT_FOR_FAULTS_COUNTS");
  if (!file) return;
  Deno.writeTextFileSync(file, `${JSON.stringify(counts)}\n`, { append: true });
}

/**
 * Whether to run a test that needs something of the machine. In CI it runs in
 * any case: better to fail there than to be left out unseen.
 */
export function has(need: () => boolean): boolean {
  return Deno.build.os === "linux" && (Deno.env.has("CI") || need());
}

/** Whether this is root, who alone mounts and becomes somebody else. */
export const isRoot: boolean = has(() => Deno.uid() === 0);

/** Whether mounts can be made that nobody else sees. */
export const canMount: boolean = has(() =>
  Deno.uid() === 0 && works("unshare", "--mount", "true")
);

/** Whether a process can become somebody else. */
export const canBecome: boolean = has(() =>
  Deno.uid() === 0 && works("setpriv", "--reuid=65534", "true")
);

/** Whether the system calls of a process can be seen, and made to fail. */
export const canTrace: boolean = has(() =>
  works("strace", "-o", "/dev/null", "true")
);

/** Does something with every item, with so many of them at a time. */
export async function eachOf<T>(
  items: Iterable<T>,
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let failed = false;
  const lane = async () => {
    while (!failed) {
      const { value, done } = left.next();
      if (done) return;
      try {
        await act(value);
      } catch (error) {
        // The other lanes end what they began, so that nothing outlives a test.
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: atOnce }, lane);
  const [failure] = (await Promise.allSettled(lanes))
    .filter((result) => result.status === "rejected");
  if (failure) throw failure.reason;
}

/**
 * Failures of a test that tries very many things: it tries all of them, and
 * then says which kinds of them did not do.
 */
export class Failures {
  readonly #kinds = new Map<string, string[]>();
  #tried = 0;

  /** Tries one thing of a kind. */
  async try(kind: string, act: () => Promise<void> | void): Promise<void> {
    this.#tried++;
    try {
      await act();
    } catch (error) {
      const others = this.#kinds.get(kind) ?? [];
      this.#kinds.set(kind, [...others, (error as Error).message]);
    }
  }

  /** Throws where something failed. Returns how many things were tried. */
  end(): number {
    if (this.#tried === 0) throw new Error("nothing was tried");
    if (this.#kinds.size === 0) return this.#tried;
    throw new Error(
      [...this.#kinds].map(([kind, [first, ...others]]) =>
        `${kind}, ${1 + others.length} of ${this.#tried}, such as:\n${first}`
      ).join("\n\n"),
    );
  }
}
