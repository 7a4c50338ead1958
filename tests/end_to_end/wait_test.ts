import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portFor, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const STORE = "[ports]\nweb = 24017\n";
const hasFlock = works("flock", "--version");

/** A store whose lock another process holds, up to the end of the block. */
class HeldStore extends TempFolder {
  readonly #holder: Deno.ChildProcess;
  #released = false;

  private constructor() {
    super();
    this.write("ports.toml", STORE);
    const lock = this.write("ports.toml.lock", "");
    Deno.chmodSync(lock, 0o600);
    // It lets go when its standard input ends.
    this.#holder = new Deno.Command("flock", {
      args: [lock, "sh", "-c", "echo held; cat"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
  }

  static async create(): Promise<HeldStore> {
    const store = new HeldStore();
    const output = store.#holder.stdout.getReader();
    await output.read();
    output.releaseLock();
    return store;
  }

  call(...args: string[]) {
    return portFor(["--store", this.file("ports.toml"), ...args]);
  }

  /** How often the lock is open, in all processes. */
  openings(): number {
    const lock = this.file("ports.toml.lock");
    let count = 0;
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        for (const descriptor of Deno.readDirSync(`/proc/${name}/fd`)) {
          const path = `/proc/${name}/fd/${descriptor.name}`;
          if (Deno.readLinkSync(path) === lock) count++;
        }
      } catch {
        // The process ended, or is somebody else's.
      }
    }
    return count;
  }

  /** Lets go of the lock. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#holder.stdin.close();
    await this.#holder.stdout.cancel();
    await this.#holder.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
    this[Symbol.dispose]();
  }
}

Deno.test({
  name: "a lookup does not wait for the lock",
  ignore: !hasFlock,
  fn: async () => {
    await using store = await HeldStore.create();
    const found = { status: 0, stdout: "24017\n", stderr: "" };

    assertEquals(await store.call("--wait=0", "web"), found);
    assertEquals(await store.call("--wait=0", "--get=web"), found);
    assertEquals((await store.call("--wait=0", "--list")).status, 0);
  },
});

Deno.test({
  name: "a change gives up after --wait, and says how to find the holder",
  ignore: !hasFlock,
  fn: async () => {
    await using store = await HeldStore.create();
    for (const args of [["db"], ["--port=9000", "db"], ["--unbind=web"]]) {
      const { status, stdout, stderr } = await store.call("--wait=0", ...args);

      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, "another process has held its lock for 0 s");
      assertStringIncludes(stderr, `fuser -v ${store.file("ports.toml.lock")}`);
      assertStringIncludes(stderr, "--wait");
    }
    assertEquals(store.read("ports.toml"), STORE);
    assertEquals(store.names(), ["ports.toml", "ports.toml.lock"]);
  },
});

Deno.test({
  name: "a change waits for about as long as --wait says",
  ignore: !hasFlock,
  fn: async () => {
    await using store = await HeldStore.create();
    const start = performance.now();
    const { status } = await store.call("--wait=1.5", "db");
    const seconds = (performance.now() - start) / 1000;

    assertEquals(status, 1);
    // The upper bound tells it from the default of 10 s on a busy machine.
    assert(1.5 <= seconds && seconds < 9, `it took ${seconds} s`);
  },
});

Deno.test({
  name: "a change is made once the other process lets go",
  // Who has a file open is seen in /proc.
  ignore: !hasFlock || Deno.build.os !== "linux",
  fn: async () => {
    await using store = await HeldStore.create();
    const holders = store.openings();
    let ended = false;
    const outcome = store.call("--wait=60", "db").finally(() => ended = true);
    // The lock is let go of when the program is there and has to wait for it.
    while (!ended && store.openings() === holders) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await store.release();

    const { status, stdout } = await outcome;
    assertEquals(status, 0);
    assertEquals(store.read("ports.toml"), `${STORE}db = ${stdout}`);
  },
});
