import { assertEquals, assertMatch } from "@std/assert";
import { canMount } from "../support/fault_form.ts";
import { Mounts } from "../support/mounts.ts";
import { Process } from "../support/process.ts";
import { PROGRAM } from "../support/program.ts";
import {
  canBeKeptOut,
  KEPT_OUT,
  LONG_AGO,
  Store,
  unixTest as test,
} from "../support/store.ts";

/** Associates names of a directory, which is made first. Returns its path. */
async function folderWith(
  store: Store,
  folder: string,
  ...names: string[]
): Promise<string> {
  const cwd = store.file(folder);
  Deno.mkdirSync(cwd, { recursive: true });
  await store.printWith({ cwd }, "--here", ...names);
  return cwd;
}

/** What `--prune` says that it dropped, by the reasons that it gives. */
async function pruned(store: Store, ...prefix: string[]): Promise<string[][]> {
  const lines = (await store.printWith({ prefix }, "--prune")).split("\n");
  return lines.slice(0, -1).map((line) => {
    assertMatch(line, /^.+: dropped, .+$/);
    return line.split(": dropped, ");
  });
}

test("--prune drops what belongs to directories that are gone, and says so", async () => {
  using store = new Store();
  const shop = await folderWith(store, "shop", "web", "db");
  const fix = await folderWith(store, "my fix", "web", "api/v1");
  const old = await folderWith(store, "old", "web");
  await folderWith(store, "my fix");
  // There has never been a directory api.
  assertEquals(await pruned(store), []);
  Deno.removeSync(fix);
  Deno.renameSync(old, store.file("new"));
  // A file is no directory.
  Deno.writeTextFileSync(old, "");

  assertEquals(await pruned(store), [
    [`${fix}/web`, `${fix} is gone`],
    [`${fix}/api/v1`, `${fix} is gone`],
    [`${old}/web`, `${old} is gone`],
    [fix, `${fix} is gone`],
  ]);
  assertEquals(
    Object.keys(JSON.parse(await store.print("--list", "--json"))),
    [`${shop}/web`, `${shop}/db`],
  );
});

Deno.test("--prune drops leases that ended, and says when they did", async () => {
  const kept = "far = { port = 2002, expires = 2999-01-01T00:00:00Z }\n" +
    "web = 2003\n";
  using store = new Store(
    `[ports]\n"o\\u202Eld" = { port = 2001, expires = ${LONG_AGO} }\n${kept}`,
  );

  const [[name, why], ...more] = await pruned(store) as [string[]];
  // What is invisible is shown.
  assertEquals([name, more], ["o\\u{202e}ld", []]);
  assertMatch(why!, /2020-01-01T00:00:00/);
  assertEquals(store.text, `[ports]\n${kept}`);
});

test("--prune never drops names that were made by hand", async () => {
  using store = new Store();
  const [shop, gone] = [store.file("shop"), store.file("gone")];
  await store.print(`${gone}/web`, gone, "/no/path", `${shop}/db`, "web");
  // The name was there before the directory asked for it.
  await folderWith(store, "shop", "db");
  Deno.removeSync(shop);
  const before = store.text;

  assertEquals(await pruned(store), []);
  assertEquals(store.text, before);
});

Deno.test("--prune with nothing to drop leaves the store as it is", async () => {
  using store = new Store();
  assertEquals(await store.print("--prune"), "");
  assertEquals(store.names().includes("ports.toml"), false);
  store.text = "[ports]\nweb = 2001\n";
  const { ino } = Deno.statSync(store.storePath);

  assertEquals(await store.print("--prune"), "");
  assertEquals(Deno.statSync(store.storePath).ino, ino);
});

Deno.test({
  name: "a directory that may not be looked at is not gone",
  ignore: !canBeKeptOut,
  fn: async () => {
    using store = new Store();
    const inside = await folderWith(store, "locked/inside", "web");
    const gone = await folderWith(store, "gone", "web");
    Deno.removeSync(gone);
    Deno.chmodSync(store.file("locked"), 0o000);

    try {
      const dropped = await pruned(store, ...KEPT_OUT);
      assertEquals(dropped, [[`${gone}/web`, `${gone} is gone`]]);
    } finally {
      // So that it can be removed.
      Deno.chmodSync(store.file("locked"), 0o700);
    }
    assertMatch(await store.print("--list"), RegExp(`^${inside}/web: \\d+\n$`));
  },
});

test("--prune --json lists what was dropped, and why", async () => {
  using store = new Store(
    `[ports]\nold = { port = 2001, expires = ${LONG_AGO} }\nweb = 2002\n`,
  );
  const [dropped, ...more] = JSON.parse(await store.print("--prune", "--json"));

  assertEquals([dropped.name, dropped.port, more], ["old", 2001, []]);
  assertMatch(dropped.reason, /2020-01-01T00:00:00/);
  assertEquals(JSON.parse(await store.print("--prune", "--json")), []);
});

Deno.test({
  name: "--prune keeps the names of a file system that is not mounted now",
  ignore: !canMount,
  fn: async () => {
    await using mounts = await Mounts.of(
      "mkdir $folder/mnt && mount -t tmpfs none $folder/mnt && " +
        "mkdir $folder/mnt/shop",
    );
    using store = new Store();
    const shop = mounts.file("mnt/shop");
    const enter = ["sh", "-c", `cd '${shop}' && exec "$@"`, "sh"];
    const prefix = [...mounts.prefix, ...enter];
    await store.printWith({ prefix }, "--here", "web");
    const before = store.text;

    // An empty mount point, none, and none above it.
    assertEquals(await pruned(store), []);
    Deno.removeSync(mounts.file("mnt"));
    assertEquals(await pruned(store), []);
    assertEquals(store.text, before);
    // Where its neighbours are there, the folder is gone.
    Deno.mkdirSync(mounts.file("mnt/other"), { recursive: true });
    assertEquals(await pruned(store), [[`${shop}/web`, `${shop} is gone`]]);
  },
});

Deno.test({
  name: "a file system that does not answer holds nobody up but --prune",
  ignore: !canMount,
  fn: async () => {
    // Nobody answers what is asked of this one.
    const options = "fd=5,rootmode=40000,user_id=0,group_id=0";
    await using mounts = await Mounts.of(
      "mkdir $folder/hung; exec 5<>/dev/fuse; " +
        `mount -i -t fuse -o ${options} none $folder/hung`,
    );
    const name = `${mounts.file("hung/shop")}/web`;
    using store = new Store(
      `[ports]\n"${name}" = { port = 2001, directory = "${
        mounts.file("hung/shop")
      }" }\n`,
    );
    const args = [`--store=${store.storePath}`, "--prune"];
    await using hanging = new Process(args, {
      program: [...mounts.prefix, ...PROGRAM],
    });
    await hanging.waitsFor("fuse");

    await store.print("--wait=0", "new");
    assertEquals(await store.print("--get", name), "2001\n");
  },
});
