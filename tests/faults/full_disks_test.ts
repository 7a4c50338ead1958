import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { canMount, has, inForm, survived } from "../support/fault_form.ts";
import { Mounts } from "../support/mounts.ts";
import { commentsOf, entriesOf, KEPT } from "../support/scenarios.ts";
import { type Outcome, portFor, runTool, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const NO_SPACE = "no space is left on the device";

function call(mounts: Mounts, ...args: string[]): Promise<Outcome> {
  return portFor([`--store=${mounts.file("ports.toml")}`, ...args], {
    prefix: mounts.prefix,
  });
}

/** Takes all the space that is left. */
function fillUp(path: string): void {
  const filler = Deno.openSync(path, { write: true, create: true });
  try {
    for (;;) filler.writeSync(new Uint8Array(512));
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  } finally {
    filler.close();
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** How a disk refuses: as it is mounted, spoilt, and put right again. */
const REFUSING: Readonly<
  Record<string, {
    readonly mount: string;
    readonly spoil?: (mounts: Mounts) => unknown;
    readonly repair: (mounts: Mounts) => unknown;
    readonly why: string;
    /** What is there afterwards beside the store. */
    readonly beside?: readonly string[];
  }>
> = {
  "is full": {
    mount: "size=16k",
    spoil: (mounts) => fillUp(mounts.seen("filler")),
    repair: (mounts) => Deno.removeSync(mounts.seen("filler")),
    why: NO_SPACE,
    beside: ["filler", "ports.toml.lock"],
  },
  // The folder itself is a file; with the lock there, the store is too many.
  "has no file left": {
    mount: "nr_inodes=2",
    repair: (mounts) => remount(mounts, "nr_inodes=9"),
    why: NO_SPACE,
  },
  "has one file left": {
    mount: "nr_inodes=3",
    repair: (mounts) => remount(mounts, "nr_inodes=9"),
    why: NO_SPACE,
    beside: ["ports.toml.lock"],
  },
  "is read-only": {
    mount: "size=64k",
    spoil: (mounts) => remount(mounts, "ro"),
    repair: (mounts) => remount(mounts, "rw"),
    why: "read-only",
  },
};

function remount(mounts: Mounts, how: string): Promise<Outcome> {
  const mount = ["mount", "-o", `remount,${how}`, mounts.outside.path];
  return runTool([...mounts.prefix, ...mount]);
}

for (const [what, disk] of Object.entries(REFUSING)) {
  Deno.test({
    name:
      `on a disk that ${what} names are found, nothing is lost, and all is well once it is not`,
    ignore: !canMount,
    fn: async () => {
      await using mounts = await Mounts.of(
        `mount -t tmpfs -o ${disk.mount} none $folder`,
      );
      Deno.writeTextFileSync(mounts.seen("ports.toml"), KEPT);
      await disk.spoil?.(mounts);

      for (const args of [["fresh"], ["--port=29500", "fresh"], ["-uweb"]]) {
        const { status, stdout, stderr } = await call(mounts, ...args);
        assertEquals([status, stdout], [1, ""]);
        assertStringIncludes(stderr, disk.why);
        assertEquals(Deno.readTextFileSync(mounts.seen("ports.toml")), KEPT);
        const names = ["ports.toml", ...disk.beside ?? []].sort();
        assertEquals(mounts.names(), names);
      }
      assertEquals((await call(mounts, "web")).stdout, "24017\n");
      assertEquals((await call(mounts, "--list")).status, 0);

      await disk.repair(mounts);
      const { status, stdout } = await call(mounts, "fresh");
      assertEquals(status, 0);
      const text = Deno.readTextFileSync(mounts.seen("ports.toml"));
      assertEquals(entriesOf(text).get("fresh"), Number(stdout));
      assertEquals(mounts.names(), ["ports.toml", "ports.toml.lock"]);
      survived({ faults: 3, processes: 6 });
    },
  });
}

Deno.test({
  name: "a disk that fills up with names keeps all that were printed",
  ignore: !canMount,
  fn: async () => {
    // Pages of 4 KB: the store, the next one, and what makes it tight.
    for (const size of inForm([20], [12, 16, 20, 32, 48])) {
      await using mounts = await Mounts.of(
        `mount -t tmpfs -o size=${size}k none $folder`,
      );
      Deno.writeTextFileSync(mounts.seen("ports.toml"), KEPT);
      const printed = new Map<string, number>();
      let outcome: Outcome;
      for (let at = 0;; at++) {
        assert(at < 100, "it never fills up");
        const name = `${at} ${"\u{1f600}".repeat(250)}`;
        outcome = await call(mounts, name);
        if (outcome.status !== 0) break;
        printed.set(name, Number(outcome.stdout));
      }
      assertStringIncludes(outcome.stderr, NO_SPACE);

      const text = Deno.readTextFileSync(mounts.seen("ports.toml"));
      const entries = entriesOf(text);
      for (const [name, port] of printed) assertEquals(entries.get(name), port);
      assertEquals(entries.size, printed.size + 3);
      assertEquals(commentsOf(text), commentsOf(KEPT));
      assertEquals(mounts.names(), ["ports.toml", "ports.toml.lock"]);
      // What is taken away makes room, and takes less room than it did.
      const [gone = "web"] = printed.keys();
      assertEquals((await call(mounts, "--unbind", gone)).status, 0);
      survived({ faults: 1, processes: printed.size + 2 });
    }
  },
});

Deno.test({
  name: "a manifest and a .env are written whole or not at all",
  ignore: !canMount,
  fn: async () => {
    await using mounts = await Mounts.of(
      `mount -t tmpfs -o size=16k none $folder
       mkdir -p $folder/shop/.git && echo x >$folder/shop/.git/HEAD`,
    );
    using temp = new TempFolder();
    const store = `--store=${temp.file("ports.toml")}`;
    const prefix = [
      ...mounts.prefix,
      ...["env", "-C", mounts.file("shop")],
    ];
    const kinds: [string, ...string[]][] = [
      [".port-for.toml", "--here", "--init", "web"],
      [".env", "--env", "--write", ".env", "web"],
    ];
    for (const [file, ...args] of kinds) {
      fillUp(mounts.seen("filler"));
      const full = await portFor([store, ...args], { prefix });
      assertEquals([full.status, full.stdout], [1, ""]);
      assertStringIncludes(full.stderr, `${file}: ${NO_SPACE}`);
      assertEquals(exists(mounts.seen(`shop/${file}`)), false);

      Deno.removeSync(mounts.seen("filler"));
      const { status, stderr } = await portFor([store, ...args], { prefix });
      assertEquals([status, stderr], [0, ""]);
      assertEquals(exists(mounts.seen(`shop/${file}`)), true);
      survived({ faults: 1, processes: 2 });
    }
  },
});

Deno.test({
  name:
    "a limit on the size of files, met in the middle of a write, loses nothing",
  ignore: !has(() => works("prlimit", "--version")),
  fn: async () => {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", KEPT);
    // The kernel writes what fits, and then ends the program or fails.
    for (const size of inForm([200], [1, 200, KEPT.length, KEPT.length + 3])) {
      const { status, stdout } = await portFor(["--store", path, "fresh"], {
        prefix: ["prlimit", `--fsize=${size}`],
      });
      assert(status !== 0);
      assertEquals(stdout, "");
      assertEquals(temp.read("ports.toml"), KEPT);
      survived({ faults: 1, processes: 1 });
    }
    const { status, stdout } = await portFor(["--store", path, "fresh"]);
    assertEquals(status, 0);
    assertEquals(
      entriesOf(temp.read("ports.toml")).get("fresh"),
      Number(stdout),
    );
    assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
  },
});

Deno.test({
  name: "an answer that nobody can be given is kept for the next call",
  ignore: !has(() => works("test", "-c", "/dev/full")),
  fn: async () => {
    const ways = [
      'exec "$@" >/dev/full',
      'exec "$@" >&-',
      // Files that the program opens must not become its standard output.
      'exec "$@" <&- >&- 2>&-',
      '"$@" | true',
    ];
    for (const way of ways) {
      using temp = new TempFolder();
      const path = temp.write("ports.toml", KEPT);
      await portFor(["--store", path, "fresh"], {
        prefix: ["sh", "-c", way, "sh"],
      });
      const { stdout } = await portFor(["--store", path, "--get=fresh"]);

      assertEquals(
        temp.read("ports.toml"),
        KEPT.replace("\n\n[notes]", `\nfresh = ${stdout.trim()}\n\n[notes]`),
        way,
      );
      assertEquals(Deno.statSync(`${path}.lock`).size, 0, way);
      assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"], way);
      survived({ faults: 1, processes: 2 });
    }
  },
});
