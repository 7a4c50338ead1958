import { assertEquals, assertStringIncludes } from "@std/assert";
import { canTrace } from "../support/fault_form.ts";
import { isRoot } from "../support/namespace.ts";
import { asUser, runTool, works } from "../support/program.ts";
import { assertRefused, Store, unixTest as test } from "../support/store.ts";
import { TempFolder } from "../support/temp.ts";

const STORE = "[ports]\nweb = 24017\n";

/** The permission bits of a file. */
function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

/** Runs the program behind a line of shell script that ends in `"$@"`. */
function behind(script: string, ...args: string[]): { prefix: string[] } {
  return { prefix: ["sh", "-c", script, "sh", ...args] };
}

/** A test that gives files away, which takes root. */
function rootTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !isRoot, fn });
}

test("a changed store keeps its mode", async () => {
  using store = new Store(STORE);
  for (const mode of [0o600, 0o644, 0o664, 0o640, 0o755, 0o444]) {
    Deno.chmodSync(store.storePath, mode);
    const port = await store.print(`mode${mode}`);
    assertEquals(modeOf(store.storePath), mode);
    assertStringIncludes(store.text, `mode${mode} = ${port}`);
  }
});

rootTest(
  "a changed store keeps its owner and group, and its lock has them too",
  async () => {
    using store = new Store(STORE);
    Deno.chownSync(store.storePath, 1234, 4321);
    await store.print("db");

    for (const file of [store.storePath, `${store.storePath}.lock`]) {
      const { uid, gid } = Deno.statSync(file);
      assertEquals([uid, gid], [1234, 4321], file);
    }
  },
);

test("a new store is for everybody to read, as far as the umask allows", async () => {
  for (
    const [umask, mode] of [["000", 0o644], ["027", 0o640], [
      "077",
      0o600,
    ]] as const
  ) {
    using store = new Store();
    await store.printWith(behind(`umask ${umask}; "$@"`), "web");

    assertEquals(modeOf(store.storePath), mode, umask);
    assertEquals(modeOf(`${store.storePath}.lock`), 0o600, umask);
  }
});

test("the lock is for those alone who may write the store", async () => {
  for (
    const [mode, lock] of [
      [0o600, 0o600],
      [0o644, 0o600],
      [0o664, 0o660],
      [0o620, 0o660],
      [0o646, 0o606],
    ] as const
  ) {
    using store = new Store(STORE);
    Deno.chmodSync(store.storePath, mode);
    // The mode of the lock is the store's business, not the umask's.
    await store.printWith(behind('umask 077; "$@"'), "db");
    assertEquals(modeOf(`${store.storePath}.lock`), lock, mode.toString(8));

    // One that others may open is closed to them.
    Deno.chmodSync(`${store.storePath}.lock`, 0o666);
    await store.print("--unbind", "db");
    assertEquals(modeOf(`${store.storePath}.lock`), lock, mode.toString(8));
  }
});

test("a symlink is followed, and stays", async () => {
  using store = new Store();
  Deno.mkdirSync(store.file("real"));
  Deno.mkdirSync(store.file("links"));
  Deno.symlinkSync("../real/ports.toml", store.file("links/inner.toml"));
  Deno.symlinkSync("links/inner.toml", store.storePath);
  // At first it leads to where nothing is yet.
  const ports = [await store.print("web"), await store.print("db")];

  const [web, db] = ports;
  assertStringIncludes(
    store.read("real/ports.toml"),
    `[ports]\nweb = ${web}db = ${db}`,
  );
  assertEquals(Deno.readLinkSync(store.storePath), "links/inner.toml");
  // One store has one lock, whichever way leads to it.
  const beside = [...Deno.readDirSync(store.file("real"))];
  assertEquals(
    beside.map(({ name }) => name).sort(),
    ["ports.toml", "ports.toml.lock"],
  );
  assertEquals(store.names(), ["links", "ports.toml", "real"]);
});

test("symlinks in a circle are said to be that", async () => {
  using store = new Store();
  Deno.symlinkSync("b", store.storePath);
  Deno.symlinkSync("ports.toml", store.file("b"));

  await store.refuses(["web"], 1, "circle");
  assertEquals(store.names(), ["b", "ports.toml"]);
});

test("a FIFO, a folder and a device are refused as a store and as a lock, at once", async () => {
  for (
    const make of [["mkfifo"], ["mkdir"], ["ln", "-s", "/dev/zero"]]
  ) {
    using store = new Store();
    await runTool([...make, store.storePath]);
    // A FIFO that is opened waits for its other end for ever, so a hanging
    // program is killed.
    const limit = { prefix: ["timeout", "-s", "KILL", "60"] };
    const assertCalledOff = async (path: string, ...args: string[]) =>
      assertRefused(
        await store.callWith(limit, ...args),
        1,
        path,
        "it is not",
      );

    for (const arg of ["web", "--list", "--get=web", "-uweb"]) {
      await assertCalledOff(store.storePath, arg);
    }
    assertEquals(store.names(), ["ports.toml"]);
    const other = store.file("other.toml");
    await runTool([...make, `${other}.lock`]);
    await assertCalledOff(`${other}.lock`, "--store", other, "web");
  }
});

rootTest("a lock that somebody else put there is not trusted", async () => {
  using store = new Store(STORE);
  const lock = store.write("ports.toml.lock", "");
  Deno.chownSync(lock, 1234, 4321);

  await store.refuses(["db"], 1, lock, "1234");
  assertEquals(store.text, STORE);
});

test("what a process that died left behind is swept, and not written through", async () => {
  using store = new Store(STORE);
  store.write("ports.toml.tmp", "half a sto");
  const db = await store.print("db");
  assertEquals(store.text, `${STORE}db = ${db}`);
  assertEquals(store.names(), ["ports.toml", "ports.toml.lock"]);

  const precious = store.write("precious", "do not touch");
  Deno.symlinkSync(precious, `${store.storePath}.tmp`);
  await store.print("web2");
  assertEquals(store.read("precious"), "do not touch");
  assertEquals(store.names(), ["ports.toml", "ports.toml.lock", "precious"]);
});

/** A test that makes mounts which nobody else sees. */
function mountTest(name: string, fn: () => Promise<void>): void {
  const ignore = !isRoot || !works("unshare", "--mount", "true");
  Deno.test({ name, ignore, fn });
}

/** Runs the program where a mount is made that nobody else sees. */
function withMount(mount: string, folder: string): { prefix: string[] } {
  const script = `folder=$1; shift; ${mount} && "$@"`;
  const { prefix } = behind(script, folder);
  return {
    prefix: ["unshare", "--mount", "--propagation", "private", ...prefix],
  };
}

mountTest(
  "on a full disk the store stays as it was, and nothing is left over",
  async () => {
    using store = new Store();
    // Two pages, both taken: the old store is there, no other one fits beside it.
    const filled = "mount -t tmpfs -o size=8k none $folder && " +
      "yes '# filler' | head -c 4000 > $folder/ports.toml && " +
      "cp $folder/ports.toml $folder/before";
    const after = '{ "$@"; echo "status $?"; ls $folder; ' +
      "cmp $folder/before $folder/ports.toml && echo same; }";
    const { stdout, stderr } = await store.callWith(
      withMount(`${filled} && ${after}; true`, store.path),
      "a-name-that-is-longer-than-what-is-left",
    );

    assertEquals(
      stdout,
      "status 1\nbefore\nports.toml\nports.toml.lock\nsame\n",
    );
    assertStringIncludes(stderr, "no space");
  },
);

mountTest(
  "on a read-only file system a store is read, and not changed",
  async () => {
    using store = new Store(STORE);
    const readOnly = withMount(
      "mount --bind $folder $folder && mount -o remount,bind,ro $folder",
      store.path,
    );

    assertEquals(await store.printWith(readOnly, "web"), "24017\n");
    assertRefused(await store.callWith(readOnly, "db"), 1, "read-only");
    assertEquals(store.names(), ["ports.toml"]);
  },
);

mountTest(
  "a store that is a mount of its own is not changed, and nothing is left over",
  async () => {
    using store = new Store(STORE);
    const mount = "mount --bind $folder/ports.toml $folder/ports.toml";
    const outcome = await store.callWith(withMount(mount, store.path), "db");

    // It is the file that is mounted: no other can take its place.
    assertRefused(outcome, 1, store.storePath);
    assertEquals(store.text, STORE);
    assertEquals(store.names(), ["ports.toml", "ports.toml.lock"]);
  },
);

rootTest(
  "members of the store's group may all write it, whoever comes first",
  async () => {
    using store = new Store();
    Deno.chmodSync(store.path, 0o755);
    const [folder, path] = [
      store.file("shared"),
      store.file("shared/ports.toml"),
    ];
    Deno.mkdirSync(folder);
    store.write("shared/ports.toml", STORE);
    for (const [file, mode] of [[folder, 0o2775], [path, 0o664]] as const) {
      Deno.chownSync(file, 0, 7000);
      Deno.chmodSync(file, mode);
    }

    for (const user of [5001, 5002]) {
      using own = new TempFolder();
      const member = await asUser(user, own, 7000);
      await store.printWith(member, "--store", path, `user${user}`);
    }
  },
);

Deno.test({
  name: "a FIFO that takes the store's place while it is opened is refused",
  ignore: !canTrace,
  fn: async () => {
    for (const args of [["web"], ["--list"], ["new"]]) {
      using store = new Store("[ports]\nweb = 24017\n");
      // Where nobody else may write, nobody else can do that.
      Deno.chmodSync(store.path, 0o777);
      const { stderr, status } = await swapped(store, args);
      assertEquals(status, 1, stderr);
      assertStringIncludes(stderr, "it is not a regular file");
    }
  },
});

/** Calls the program, and has a FIFO in the store's place before it opens that. */
async function swapped(store: Store, args: readonly string[]) {
  const [trace, fifo] = [store.file("trace"), store.file("fifo")];
  await runTool(["mkfifo", fifo]);
  // Once it has been looked at, opening it takes long enough.
  const script = `"$@" & until grep -qs stat '${trace}'; do sleep 0.01; done
    mv '${fifo}' '${store.storePath}'; wait $!`;
  const strace = [
    ...["strace", "-f", "-qq", "-o", trace, "-P", store.storePath],
    ...["-e", "trace=openat,%%stat"],
    ...["-e", "inject=openat:delay_enter=500000"],
  ];
  const prefix = ["sh", "-c", script, "sh", ...strace];
  return await store.callWith({ prefix }, ...args);
}
