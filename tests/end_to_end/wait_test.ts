import { assert, assertEquals } from "@std/assert";
import { HeldStore } from "../support/held_store.ts";
import { works } from "../support/program.ts";

const STORE = "[ports]\nweb = 24017\n";

// Who has a file open is seen in /proc.
const ignore = Deno.build.os !== "linux" || !works("flock", "--version");

Deno.test({
  name: "a lookup does not wait for the lock",
  ignore,
  fn: async () => {
    await using store = await HeldStore.of(STORE);

    assertEquals(await store.print("--wait=0", "web"), "24017\n");
    assertEquals(await store.print("--wait=0", "--get=web"), "24017\n");
    assertEquals(await store.print("--wait=0", "--list"), "web: 24017\n");
  },
});

Deno.test({
  name: "a change gives up after --wait, and names the holder",
  ignore,
  fn: async () => {
    await using store = await HeldStore.of(STORE);
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
    await using store = await HeldStore.of(STORE);
    let ended = false;
    const printed = store.print("--wait=60", "db")
      .finally(() => ended = true);
    // The lock is let go of when the program is there and has to wait for it,
    // and when another one that came later has given up.
    await store.hasWaiters(1);
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
