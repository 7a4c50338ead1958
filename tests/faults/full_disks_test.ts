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

Deno.test({
  name:
    "on a disk that is full nothing is lost, and all is well once it is not",
  ignore: !canMount,
  fn: async () => {
    await using mounts = await Mounts.of(
      "mount -t tmpfs -o size=16k none $folder",
    );
    Deno.writeTextFileSync(mounts.seen("ports.toml"), KEPT);
    fillUp(mounts.seen("filler"));

    for (const args of [["fresh"], ["--port=29500", "fresh"], ["-uweb"]]) {
      const { status, stdout, stderr } = await call(mounts, ...args);
      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, NO_SPACE);
      assertEquals(Deno.readTextFileSync(mounts.seen("ports.toml")), KEPT);
      assertEquals(mounts.names(), [
        "filler",
        "ports.toml",
        "ports.toml.lock",
      ]);
    }
    assertEquals((await call(mounts, "web")).stdout, "24017\n");

    Deno.removeSync(mounts.seen("filler"));
    const { status, stdout } = await call(mounts, "fresh");
    assertEquals(status, 0);
    const text = Deno.readTextFileSync(mounts.seen("ports.toml"));
    assertEquals(entriesOf(text).get("fresh"), Number(stdout));
    assertEquals(mounts.names(), ["ports.toml", "ports.toml.lock"]);
    survived({ faults: 3, processes: 5 });
  },
});

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
  name: "where no file can be made, neither lock nor store, nothing is lost",
  ignore: !canMount,
  fn: async () => {
    // The folder itself is one; with the lock there, the store is too many.
    for (const inodes of [2, 3]) {
      await using mounts = await Mounts.of(
        `mount -t tmpfs -o nr_inodes=${inodes} none $folder`,
      );
      Deno.writeTextFileSync(mounts.seen("ports.toml"), KEPT);
      const { status, stdout, stderr } = await call(mounts, "fresh");

      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, NO_SPACE);
      assertEquals(Deno.readTextFileSync(mounts.seen("ports.toml")), KEPT);
      assertEquals(
        mounts.names(),
        ["ports.toml", "ports.toml.lock"].slice(0, inodes - 1),
      );
      survived({ faults: 1, processes: 1 });
    }
  },
});

Deno.test({
  name: "on a read-only mount what is there is found, and nothing is lost",
  ignore: !canMount,
  fn: async () => {
    await using mounts = await Mounts.of(
      "mount -t tmpfs -o size=64k none $folder",
    );
    Deno.writeTextFileSync(mounts.seen("ports.toml"), KEPT);
    const remount = (how: string) =>
      runTool([
        ...mounts.prefix,
        ...["mount", "-o", `remount,${how}`, mounts.outside.path],
      ]);
    await remount("ro");

    assertEquals((await call(mounts, "web")).stdout, "24017\n");
    assertEquals((await call(mounts, "--list")).status, 0);
    for (const args of [["fresh"], ["--port=29500", "fresh"], ["-uweb"]]) {
      const { status, stdout, stderr } = await call(mounts, ...args);
      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, "the file system is read-only");
    }
    assertEquals(Deno.readTextFileSync(mounts.seen("ports.toml")), KEPT);
    assertEquals(mounts.names(), ["ports.toml"]);

    await remount("rw");
    assertEquals((await call(mounts, "fresh")).status, 0);
    survived({ faults: 3, processes: 6 });
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
