import { assert, assertEquals } from "@std/assert";
import { Child } from "../support/child.ts";
import { works } from "../support/program.ts";
import { Store } from "../support/store.ts";

const STORE = "[ports]\nweb = 24017\n";

/** A store whose lock another process holds, until it lets go. */
class HeldStore extends Store {
  readonly lock = this.write("ports.toml.lock", "");
  #holder: Child | undefined;

  static async create(): Promise<HeldStore> {
    const store = new HeldStore(STORE);
    Deno.chmodSync(store.lock, 0o600);
    const held = [store.lock, "sh", "-c", "echo held; exec cat"];
    store.#holder = await Child.start(["flock", "--no-fork", ...held]);
    return store;
  }

  /** The process that holds the lock. */
  get holderPid(): number | undefined {
    return this.#holder?.pid;
  }

  /** How often the lock is open, in all processes. */
  openings(): number {
    let count = 0;
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        for (const descriptor of Deno.readDirSync(`/proc/${name}/fd`)) {
          const path = `/proc/${name}/fd/${descriptor.name}`;
          if (Deno.readLinkSync(path) === this.lock) count++;
        }
      } catch {
        // The process ended, or is somebody else's.
      }
    }
    return count;
  }

  /** Lets go of the lock. */
  async release(): Promise<void> {
    await this.#holder?.[Symbol.asyncDispose]();
    this.#holder = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
    this[Symbol.dispose]();
  }
}

// Who has a file open is seen in /proc.
const ignore = Deno.build.os !== "linux" || !works("flock", "--version");

Deno.test({
  name: "a lookup does not wait for the lock",
  ignore,
  fn: async () => {
    await using store = await HeldStore.create();

    assertEquals(await store.print("--wait=0", "web"), "24017\n");
    assertEquals(await store.print("--wait=0", "--get=web"), "24017\n");
    assertEquals(await store.print("--wait=0", "--list"), "web: 24017\n");
  },
});

Deno.test({
  name: "a change gives up after --wait, and names the holder",
  ignore,
  fn: async () => {
    await using store = await HeldStore.create();
    const parts = [`(pid ${store.holderPid})`, store.lock, "--wait"];
    for (const args of [["db"], ["--port=9000", "db"], ["--unbind=web"]]) {
      await store.refuses(["--wait=0", ...args], 1, ...parts);
    }

    assertEquals(store.text, STORE);
    assertEquals(store.names(), ["ports.toml", "ports.toml.lock"]);
  },
});

Deno.test({
  name: "a change is made once the other process lets go, if not given up",
  ignore,
  fn: async () => {
    await using store = await HeldStore.create();
    const holders = store.openings();
    let ended = false;
    const printed = store.print("--wait=60", "db")
      .finally(() => ended = true);
    // The lock is let go of when the program is there and has to wait for it,
    // and when another one that came later has given up.
    while (!ended && store.openings() === holders) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const start = performance.now();
    await store.refuses(["--wait=1.5", "other"], 1, "--wait");
    const took = performance.now() - start;
    assert(1500 <= took && took < 15_000, `it took ${took} ms`);
    assertEquals(ended, false);
    await store.release();

    const port = await printed;
    assertEquals(store.text, `${STORE}db = ${port}`);
  },
});
