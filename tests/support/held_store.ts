import { Child } from "./child.ts";
import { Store } from "./store.ts";

/** How long it may take, so that a test that fails ends at all. */
const LONGEST_WAIT_MS = 60_000;

/** A store whose lock another process holds, until it lets go. */
export class HeldStore extends Store implements AsyncDisposable {
  readonly lock = this.write("ports.toml.lock", "");
  #holder: Child | undefined;

  /**
   * Makes one:
   *
   *     await using store = await HeldStore.of("[ports]\n");
   */
  static async of(text: string): Promise<HeldStore> {
    const store = new HeldStore(text);
    Deno.chmodSync(store.lock, 0o600);
    const held = [store.lock, "sh", "-c", "echo held; exec cat"];
    store.#holder = await Child.start(["flock", "--no-fork", ...held]);
    return store;
  }

  /** The process that holds the lock. */
  get holderPid(): number | undefined {
    return this.#holder?.pid;
  }

  /** Waits until so many others wait for the lock. */
  async hasWaiters(count: number): Promise<void> {
    const deadline = performance.now() + LONGEST_WAIT_MS;
    while (this.#openings() <= count) {
      if (performance.now() > deadline) throw new Error("nobody waits");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** In how many processes the lock is open. */
  #openings(): number {
    let count = 0;
    for (const { name } of Deno.readDirSync("/proc")) {
      if (/^\d+$/.test(name) && this.#isOpenIn(name)) count++;
    }
    return count;
  }

  #isOpenIn(pid: string): boolean {
    try {
      const descriptors = [...Deno.readDirSync(`/proc/${pid}/fd`)];
      return descriptors.some(({ name }) =>
        Deno.readLinkSync(`/proc/${pid}/fd/${name}`) === this.lock
      );
    } catch {
      // The process ended, or is somebody else's.
      return false;
    }
  }

  /** Lets go of the lock, though the test stopped the holder and failed. */
  async release(): Promise<void> {
    if (this.#holder !== undefined) Deno.kill(this.#holder.pid, "SIGCONT");
    await this.#holder?.[Symbol.asyncDispose]();
    this.#holder = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
    this[Symbol.dispose]();
  }
}
