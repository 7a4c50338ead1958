import { assertEquals, assertStringIncludes } from "@std/assert";
import { asUser, portFor, runTool, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const STORE = "[ports]\nweb = 24017\n";
const isRoot = Deno.uid() === 0;

/** The permission bits of a file. */
function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

/** Runs the program behind a line of shell script that ends in `"$@"`. */
function behind(script: string, ...args: string[]): { prefix: string[] } {
  return { prefix: ["sh", "-c", script, "sh", ...args] };
}

Deno.test("a changed store keeps its mode", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);

  for (const mode of [0o600, 0o644, 0o664, 0o640, 0o755, 0o444]) {
    Deno.chmodSync(path, mode);
    await portFor(["--store", path, `mode${mode}`]);
    assertEquals(modeOf(path), mode);
    assertStringIncludes(temp.read("ports.toml"), `mode${mode} = `);
  }
});

Deno.test({
  name: "a changed store keeps its owner and group, and its lock has them too",
  ignore: !isRoot,
  fn: async () => {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", STORE);
    Deno.chownSync(path, 1234, 4321);
    const { status } = await portFor(["--store", path, "db"]);

    assertEquals(status, 0);
    for (const file of [path, `${path}.lock`]) {
      const { uid, gid } = Deno.statSync(file);
      assertEquals([uid, gid], [1234, 4321], file);
    }
  },
});

Deno.test("a new store is for everybody to read, as far as the umask allows", async () => {
  for (
    const [umask, mode] of [
      ["000", 0o644],
      ["022", 0o644],
      ["027", 0o640],
      ["077", 0o600],
    ] as const
  ) {
    using temp = new TempFolder();
    const path = temp.file("ports.toml");
    await portFor(["--store", path, "web"], behind(`umask ${umask}; "$@"`));

    assertEquals(modeOf(path), mode, umask);
    assertEquals(modeOf(`${path}.lock`), 0o600, umask);
  }
});

Deno.test("the lock is for those alone who may write the store", async () => {
  for (
    const [store, lock] of [
      [0o600, 0o600],
      [0o644, 0o600],
      [0o664, 0o660],
      [0o620, 0o660],
      [0o646, 0o606],
      [0o666, 0o666],
    ] as const
  ) {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", STORE);
    Deno.chmodSync(path, store);
    // The mode of the lock is the store's business, not the umask's.
    await portFor(["--store", path, "db"], behind('umask 077; "$@"'));

    assertEquals(modeOf(`${path}.lock`), lock, store.toString(8));
  }
});

Deno.test("a lock that others may open is closed to them", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);
  const lock = temp.write("ports.toml.lock", "");
  Deno.chmodSync(lock, 0o666);
  await portFor(["--store", path, "db"]);

  assertEquals(modeOf(lock), 0o600);
});

Deno.test("a symlink is followed, and stays", async () => {
  using temp = new TempFolder();
  Deno.mkdirSync(temp.file("real"));
  Deno.mkdirSync(temp.file("links"));
  temp.write("real/ports.toml", STORE);
  Deno.symlinkSync("../real/ports.toml", temp.file("links/inner.toml"));
  const link = temp.file("link.toml");
  Deno.symlinkSync("links/inner.toml", link);
  const { stdout } = await portFor(["--store", link, "db"]);

  assertEquals(temp.read("real/ports.toml"), `${STORE}db = ${stdout}`);
  assertEquals(Deno.readLinkSync(link), "links/inner.toml");
  // One store has one lock, whichever way leads to it.
  const beside = [...Deno.readDirSync(temp.file("real"))].map(({ name }) =>
    name
  );
  assertEquals(beside.sort(), ["ports.toml", "ports.toml.lock"]);
  assertEquals(temp.names(), ["link.toml", "links", "real"]);
});

Deno.test("a symlink to nothing yet leads to where the store is made", async () => {
  using temp = new TempFolder();
  Deno.mkdirSync(temp.file("real"));
  Deno.symlinkSync("middle.toml", temp.file("link.toml"));
  Deno.symlinkSync("real/ports.toml", temp.file("middle.toml"));
  const { stdout } = await portFor(["--store", temp.file("link.toml"), "web"]);

  assertStringIncludes(temp.read("real/ports.toml"), `web = ${stdout}`);
  assertEquals(Deno.readLinkSync(temp.file("link.toml")), "middle.toml");
});

Deno.test("symlinks in a circle are said to be that", async () => {
  using temp = new TempFolder();
  Deno.symlinkSync("b", temp.file("a"));
  Deno.symlinkSync("a", temp.file("b"));
  const { status, stderr } = await portFor(["--store", temp.file("a"), "web"]);

  assertEquals(status, 1);
  assertStringIncludes(stderr, "symlinks lead in a circle");
  assertEquals(temp.names(), ["a", "b"]);
});

for (
  const [what, make] of [
    ["a FIFO", (path: string) => runTool(["mkfifo", path])],
    ["a folder", (path: string) => runTool(["mkdir", path])],
    ["a device", (path: string) => runTool(["ln", "-s", "/dev/zero", path])],
  ] as const
) {
  Deno.test(`${what} is refused as a store, and as a lock, at once`, async () => {
    using temp = new TempFolder();
    const path = temp.file("ports.toml");
    await make(path);

    // A FIFO that is opened waits for its other end for ever, so a hanging
    // program is killed.
    const limit = { prefix: ["timeout", "-s", "KILL", "20"] };
    for (const args of [["web"], ["--list"], ["--get=web"], ["-uweb"]]) {
      const outcome = await portFor(["--store", path, ...args], limit);
      assertEquals([outcome.status, outcome.stdout], [1, ""]);
      assertStringIncludes(outcome.stderr, `${path}: it is not a regular file`);
    }
    assertEquals(temp.names(), ["ports.toml"]);

    const other = temp.file("other.toml");
    await make(`${other}.lock`);
    const { status, stderr } = await portFor(["--store", other, "web"], limit);
    assertEquals(status, 1);
    assertStringIncludes(stderr, `${other}.lock: it is not`);
  });
}

Deno.test({
  name: "a lock that somebody else put there is not trusted",
  ignore: !isRoot,
  fn: async () => {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", STORE);
    const lock = temp.write("ports.toml.lock", "");
    Deno.chownSync(lock, 1234, 4321);
    const { status, stderr } = await portFor(["--store", path, "db"]);

    assertEquals(status, 1);
    assertStringIncludes(stderr, `${lock}: it belongs to user 1234`);
    assertEquals(temp.read("ports.toml"), STORE);
  },
});

Deno.test("what a process that died left behind is swept", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);
  temp.write("ports.toml.tmp", "half a sto");
  const { stdout } = await portFor(["--store", path, "db"]);

  assertEquals(temp.read("ports.toml"), `${STORE}db = ${stdout}`);
  assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
});

Deno.test("a symlink in place of the temporary file is not written through", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);
  const precious = temp.write("precious", "do not touch");
  Deno.symlinkSync(precious, `${path}.tmp`);
  const { status } = await portFor(["--store", path, "db"]);

  assertEquals(status, 0);
  assertEquals(temp.read("precious"), "do not touch");
  assertEquals(temp.names(), ["ports.toml", "ports.toml.lock", "precious"]);
});

const canMount = isRoot && works("unshare", "--mount", "true");

/** Runs the program where a mount is made that nobody else sees. */
function withMount(mount: string, folder: string): { prefix: string[] } {
  const script = `folder=$1; shift; ${mount} && "$@"`;
  return {
    prefix: [
      ...["unshare", "--mount", "--propagation", "private"],
      ...behind(script, folder).prefix,
    ],
  };
}

Deno.test({
  name: "on a full disk the store stays as it was, and nothing is left over",
  ignore: !canMount,
  fn: async () => {
    using temp = new TempFolder();
    const store = ["--store", temp.file("ports.toml")];
    // Two pages, both taken: the old store is there, no other one fits beside it.
    const filled = "mount -t tmpfs -o size=8k none $folder && " +
      "yes '# filler' | head -c 4000 > $folder/ports.toml && " +
      "cp $folder/ports.toml $folder/before";
    const after = '{ "$@"; echo "status $?"; ls $folder; ' +
      "cmp $folder/before $folder/ports.toml && echo same; }";
    const { stdout, stderr } = await portFor(
      [...store, "a-name-that-is-longer-than-what-is-left"],
      withMount(`${filled} && ${after}; true`, temp.path),
    );

    assertEquals(
      stdout,
      "status 1\nbefore\nports.toml\nports.toml.lock\nsame\n",
    );
    assertStringIncludes(stderr, "no space is left on the device");
  },
});

Deno.test({
  name: "on a read-only file system a store is read, and not changed",
  ignore: !canMount,
  fn: async () => {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", STORE);
    const readOnly = withMount(
      "mount --bind $folder $folder && mount -o remount,bind,ro $folder",
      temp.path,
    );

    assertEquals(
      await portFor(["--store", path, "web"], readOnly),
      { status: 0, stdout: "24017\n", stderr: "" },
    );
    const { status, stdout, stderr } = await portFor(
      ["--store", path, "db"],
      readOnly,
    );
    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, "read-only");
    assertEquals(temp.names(), ["ports.toml"]);
  },
});

Deno.test({
  name:
    "a store that is a mount of its own is not changed, and nothing is left over",
  ignore: !canMount,
  fn: async () => {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", STORE);
    const { status, stdout, stderr } = await portFor(
      ["--store", path, "db"],
      withMount(
        "mount --bind $folder/ports.toml $folder/ports.toml",
        temp.path,
      ),
    );

    // It is the file that is mounted: no other can take its place.
    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, `cannot write ${path}`);
    assertEquals(temp.read("ports.toml"), STORE);
    assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
  },
});

Deno.test({
  name: "members of the store's group may all write it, whoever comes first",
  ignore: !isRoot || !works("setpriv", "--reuid=0", "true"),
  fn: async () => {
    using temp = new TempFolder();
    Deno.chmodSync(temp.path, 0o755);
    const folder = temp.file("shared");
    Deno.mkdirSync(folder);
    const path = temp.write("shared/ports.toml", STORE);
    for (const [file, mode] of [[folder, 0o2775], [path, 0o664]] as const) {
      Deno.chownSync(file, 0, 7000);
      Deno.chmodSync(file, mode);
    }
    const member = async (user: number) => {
      using own = new TempFolder();
      return await portFor(
        ["--store", path, `user${user}`],
        await asUser(user, own, 7000),
      );
    };

    for (const user of [5001, 5002]) {
      const { status, stderr } = await member(user);
      assertEquals([status, stderr], [0, ""]);
    }
  },
});
