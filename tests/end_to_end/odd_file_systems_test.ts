import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { canFail, failing } from "../support/failing_calls.ts";
import { canMount, canTrace } from "../support/fault_form.ts";
import { isRoot } from "../support/namespace.ts";
import { Mounts } from "../support/mounts.ts";
import { asUser, NOBODY, works } from "../support/program.ts";
import { assertRefused, Store } from "../support/store.ts";
import { traced } from "../support/traced.ts";

const TEXT = "[ports]\nweb = 24017\n";

/** Asserts that a change is refused for what the system says, and not made. */
async function refused(
  rules: readonly string[],
  ...parts: readonly string[]
): Promise<void> {
  using store = new Store(TEXT);
  const prefix = failing(...rules);
  const outcome = await store.callWith({ prefix }, "db");
  assertRefused(outcome, 1, store.storePath, ...parts);
  if (isRoot) assert(!outcome.stderr.includes("sudo"), outcome.stderr);
  assertEquals(store.text, TEXT);
  assertEquals(store.names(), ["ports.toml", "ports.toml.lock"]);
  // Lookups need none of that.
  assertEquals(await store.printWith({ prefix }, "web"), "24017\n");
}

const NO_LOCKS = {
  ENOLCK: 37,
  EOPNOTSUPP: 95,
  EBADF: 9,
  ENOSYS: 38,
  EINVAL: 22,
};

Deno.test({
  name: "a file system that cannot lock is told as that, with a way out",
  ignore: !canFail,
  fn: async () => {
    for (const errno of Object.values(NO_LOCKS)) {
      const parts = ["cannot lock", "NFS", "local disk", "PORT_FOR_STORE"];
      await refused([`flock=${errno}`], ...parts);
    }
    await refused(["flock=116"], "network file system", "local disk");
  },
});

Deno.test({
  name: "what the system says of renaming and flushing names the true cause",
  ignore: !canFail,
  fn: async () => {
    const renaming = (errno: number) =>
      ["rename", "renameat", "renameat2"].map((call) => `${call}=${errno}`);
    await refused(renaming(18), "different file systems", "mount its folder");
    await refused(renaming(16), "a mount of its own", "mount its folder");
    if (isRoot) {
      await refused(renaming(1), "even to root", "immutable", "lsattr");
      await refused(renaming(13), "even to root", "security module");
    }
    await refused(["fsync=5"], "the device failed");
    // Some file systems have nothing to flush.
    for (const errno of [22, 95, 38]) {
      using store = new Store(TEXT);
      const prefix = failing(`fsync=${errno}`, `fdatasync=${errno}`);
      await store.printWith({ prefix }, "db");
      assertEquals(await store.print("--get=web"), "24017\n");
    }
  },
});

Deno.test({
  name: "what a signal interrupted is tried again",
  ignore: !canTrace,
  fn: async () => {
    for (const call of ["flock", "fsync"]) {
      using store = new Store(TEXT);
      const { status, stderr } = await traced(["db"], {
        calls: [call],
        inject: { call, what: "error=EINTR:when=1..3" },
        env: { PORT_FOR_STORE: store.storePath },
      });
      assertEquals([status, stderr], [0, ""], call);
      await store.print("--get=db");
    }
  },
});

Deno.test({
  name: "a store that is a mount of its own is told as that",
  ignore: !canMount,
  fn: async () => {
    await using mounts = await Mounts.of(`
      printf '%s' '${TEXT}' >$folder/ports.toml
      mount --bind $folder/ports.toml $folder/ports.toml`);
    using store = new Store();
    const where = { prefix: mounts.prefix };
    const args = ["--store", mounts.file("ports.toml")];

    assertEquals(await store.printWith(where, ...args, "web"), "24017\n");
    const outcome = await store.callWith(where, ...args, "db");
    assertRefused(outcome, 1, "a mount of its own", "mount its folder");
    assertEquals(mounts.names(), ["ports.toml", "ports.toml.lock"]);
  },
});

Deno.test({
  name: "what is immutable is told as that, to root as well",
  ignore: !isRoot,
  fn: async (t) => {
    using store = new Store(TEXT);
    const ignore = !works("chattr", "+i", store.storePath);
    try {
      await t.step({
        name: "a file",
        ignore,
        fn: () => store.refuses(["db"], 1, "even to root", "lsattr"),
      });
      assertEquals(store.text, TEXT);
    } finally {
      works("chattr", "-i", store.storePath);
    }
    await store.print("db");
  },
});

/** Root of a user namespace in which nobody else exists. */
const ALONE = ["unshare", "--user", "--map-root-user", "--"];

Deno.test({
  name: "in a user namespace, a group that is not mapped keeps its store",
  ignore: !isRoot || !works(...ALONE, "true"),
  fn: async () => {
    const inside = { prefix: ALONE };
    using store = new Store(TEXT);
    // Its members would lose it.
    Deno.chownSync(store.storePath, 0, NOBODY - 1);
    Deno.chmodSync(store.storePath, 0o664);
    const outcome = await store.callWith(inside, "db");
    assertRefused(outcome, 1, "user namespace", "group", "--store");
    assertEquals(store.text, TEXT);

    // A new one has no members yet, and an owner is not what gives access.
    Deno.removeSync(store.storePath);
    Deno.removeSync(`${store.storePath}.lock`);
    Deno.chownSync(store.path, NOBODY - 1, NOBODY - 1);
    Deno.chmodSync(store.path, 0o777);
    await store.printWith(inside, "db");
    Deno.chownSync(store.storePath, NOBODY - 1, 0);
    Deno.chmodSync(store.storePath, 0o666);
    await store.printWith(inside, "more");
    const { uid, gid, mode } = Deno.statSync(store.storePath);
    assertEquals([uid, gid, mode! & 0o777], [0, 0, 0o666]);

    // So it is with the folders above a user's own store.
    const home = store.file("home");
    Deno.mkdirSync(home);
    Deno.chmodSync(home, 0o777);
    Deno.chownSync(home, NOBODY - 1, NOBODY - 1);
    const env = { HOME: home, PORT_FOR_STORE: undefined };
    await store.printWith({ ...inside, env }, "--user", "own");
  },
});

Deno.test({
  name: "a user without permission is told of sudo",
  ignore: !isRoot,
  fn: async () => {
    using store = new Store(TEXT);
    const user = await asUser(NOBODY, store);
    const { stderr } = await store.callWith(user, "db");
    assertStringIncludes(stderr, "permission denied (run with sudo, or");
  },
});
