import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isRoot } from "../support/namespace.ts";
import { asUser, NOBODY, type Outcome, works } from "../support/program.ts";
import { assertRefused, Store } from "../support/store.ts";
import { TempFolder } from "../support/temp.ts";

const STORE = "[ports]\nweb = 24017\n";

/** Every system call with a path in it, and every subprocess, of one call. */
async function traced(store: Store, ...args: string[]): Promise<string[]> {
  using traces = new TempFolder();
  await store.callWith({
    prefix: [
      ...["strace", "--follow-forks", "--quiet=all", "--string-limit=4096"],
      ...["--trace=%file,execve,execveat", "--output", traces.file("trace")],
    ],
  }, ...args);
  return traces.read("trace").split("\n");
}

/** The calls that do more than look at what is in a folder. */
function changesIn(folder: string, calls: readonly string[]): string[] {
  return calls.filter((call) =>
    call.includes(folder) && !/\bexecve\(/.test(call) &&
    (/O_WRONLY|O_RDWR|O_CREAT/.test(call) ||
      !/\b(open|openat|l?stat|newfstatat|statx|access|faccessat2?|readlink(at)?)\(/
        .test(call))
  );
}

function commandsIn(calls: readonly string[]): string[] {
  return calls.filter((call) => /\bexecve(at)?\(.* = 0$/.test(call));
}

Deno.test({
  name: "a lookup opens no lock, writes nothing and runs nothing",
  ignore: !works("strace", "--quiet=all", "--output=/dev/null", "true"),
  fn: async () => {
    using store = new Store(STORE);
    for (const args of [["web"], ["--get", "web"], ["--list"], ["-uother"]]) {
      const calls = await traced(store, ...args);
      assert(calls.some((call) => call.includes(store.storePath)));
      assertEquals(changesIn(store.path, calls), []);
      assertEquals(commandsIn(calls).length, 1);
    }
    assertEquals(store.names(), ["ports.toml"]);

    // What the trace of a call that does change something looks like.
    const changes = changesIn(store.path, await traced(store, "db")).join("\n");
    assertStringIncludes(changes, "ports.toml.lock");
    assertStringIncludes(changes, "rename");
  },
});

/** Calls of a user without any rights on a store. To be them takes root. */
function nobodyTest(
  name: string,
  fn: (
    store: Store,
    call: (...args: string[]) => Promise<Outcome>,
  ) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !isRoot || !works("setpriv", "--reuid=0", "true"),
    fn: async () => {
      using store = new Store(STORE);
      using own = new TempFolder();
      const nobody = await asUser(NOBODY, own);
      await fn(store, (...args) => store.callWith(nobody, ...args));
      assertEquals(store.text, STORE);
      assertEquals(store.names(), ["ports.toml"]);
    },
  });
}

nobodyTest(
  "a user without any rights can look up, and is refused a change",
  async (store, call) => {
    Deno.chmodSync(store.path, 0o755);
    const found = { status: 0, stdout: "24017\n", stderr: "" };
    assertEquals(await call("web"), found);
    assertEquals(await call("--get", "web"), found);
    assertEquals((await call("--list")).stdout, "web: 24017\n");

    for (const args of [["db"], ["web", "db"], ["-p9000", "db"], ["-uweb"]]) {
      const outcome = await call(...args);
      assertRefused(outcome, 1, store.storePath, "permission denied", "sudo");
    }
  },
);

nobodyTest(
  "a store that may not be read is not taken for an empty one",
  async (store, call) => {
    Deno.chmodSync(store.path, 0o777);
    Deno.chmodSync(store.storePath, 0o600);
    for (const args of [["web"], ["--list"], ["--get=web"], ["-uweb"]]) {
      const outcome = await call(...args);
      assertRefused(outcome, 1, store.storePath, "permission denied");
    }
  },
);
