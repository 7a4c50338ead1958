import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  eachOf,
  Failures,
  inForm,
  isRoot,
  survived,
} from "../support/fault_form.ts";
import { entriesOf, KEPT } from "../support/scenarios.ts";
import { type Outcome, portFor, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const MEGABYTE = 1024 * 1024;

/** As many names as there are good ports, in the long form. */
const VERY_MANY = inForm(2000, 20_000);

/** What may be in a file's place, and how it gets there. */
type Kinds = Readonly<
  Record<string, (path: string, temp: TempFolder) => unknown>
>;

/** What is no regular file, nor leads to one. */
const NO_FILES: Kinds = {
  "a folder": (path) => Deno.mkdirSync(path),
  "a folder with something in it": (path) => {
    Deno.mkdirSync(path);
    Deno.writeTextFileSync(`${path}/mine`, "do not touch");
  },
  "a FIFO": (path) => makeFifo(path),
  "a symlink to a FIFO": async (path, temp) => {
    await makeFifo(temp.file("fifo"));
    Deno.symlinkSync("fifo", path);
  },
  "a socket": (path) => makeSocket(path),
  "a symlink to itself": (path) => Deno.symlinkSync(path, path),
  "a symlink to a folder": (path, temp) => Deno.symlinkSync(temp.path, path),
  "a symlink to an endless device": (path) =>
    Deno.symlinkSync("/dev/zero", path),
  ...(isRoot && { "a device": (path) => makeDevice(path) }),
};

/** What leads to files that are none of port-for's business. */
const LINKS: Kinds = {
  "a symlink to a file": (path, temp) =>
    Deno.symlinkSync(temp.file("precious"), path),
  "a symlink to nothing": (path, temp) =>
    Deno.symlinkSync(temp.file("nothing"), path),
};

/** What cannot be taken for a store. */
const BROKEN: Kinds = {
  "10 MB of zeros": (path) =>
    Deno.writeFileSync(path, new Uint8Array(10 * MEGABYTE)),
  "10 MB of noise": (path) => {
    // No luck makes it TOML: it begins with a control character.
    const noise = new Uint8Array(10 * MEGABYTE);
    for (let at = 1; at < noise.length; at += 65536) {
      crypto.getRandomValues(noise.subarray(at, at + 65536));
    }
    Deno.writeFileSync(path, noise);
  },
  "a line of 10 MB": (path) =>
    Deno.writeTextFileSync(path, `a = "${"x".repeat(10 * MEGABYTE)}`),
  "100,000 open brackets": (path) =>
    Deno.writeTextFileSync(path, `a = ${"[".repeat(100_000)}`),
  "UTF-16 text": (path) =>
    Deno.writeFileSync(path, new Uint8Array([0xff, 0xfe, 0x61, 0, 0x0a, 0])),
  "half a store": (path) => Deno.writeTextFileSync(path, '[ports]\n"web'),
  "a port of two names": (path) => writeEntries(path, 2, () => "24017"),
  "very many names with one port": (path) =>
    writeEntries(path, VERY_MANY, () => "24017"),
  "very many names with all ports": (path) =>
    writeEntries(path, VERY_MANY, () => "{ port = 1, count = 65535 }"),
  "very many names without a port": (path) =>
    writeEntries(path, VERY_MANY, () => "'none'"),
};

async function makeFifo(path: string): Promise<void> {
  const { status } = await runTool(["mkfifo", path]);
  assertEquals(status, 0);
}

async function makeDevice(path: string): Promise<void> {
  // What is written there is lost, so nothing can come of this.
  const { status } = await runTool(["mknod", path, "c", "1", "3"]);
  assertEquals(status, 0);
}

function makeSocket(path: string): void {
  const listener = Deno.listen({ transport: "unix", path: `${path}.socket` });
  // Where it is not looked for when it is closed, so that it stays.
  Deno.renameSync(`${path}.socket`, path);
  listener.close();
}

function writeEntries(
  path: string,
  count: number,
  value: (at: number) => string,
): void {
  const lines = Array.from(
    { length: count },
    (_, at) => `name${at} = ${value(at)}\n`,
  );
  Deno.writeTextFileSync(path, `[ports]\n${lines.join("")}`);
}

/** A program that hangs is killed, but not one on a busy machine. */
const LIMIT = { prefix: ["timeout", "-s", "KILL", "60"] };

function call(path: string, ...args: string[]): Promise<Outcome> {
  return portFor([`--store=${path}`, "--wait=1", ...args], LIMIT);
}

/** Asserts that a call did nothing, and said so as it does to people. */
function assertRefused({ status, stdout, stderr }: Outcome, what: string) {
  assertEquals([status, stdout], [1, ""], `${what}: ${stderr.slice(0, 500)}`);
  assertMatch(stderr, /^port-for: cannot (?!go on).*\n$/, what);
}

/** What a file is, and what is in it where that can be read. */
async function pictureOf(path: string): Promise<string> {
  const { isFile, isSymlink, isDirectory, ...info } = Deno.lstatSync(path);
  const { mode, uid, gid, size, ino, nlink } = info;
  const content = isSymlink
    ? Deno.readLinkSync(path)
    : isDirectory
    ? [...Deno.readDirSync(path)].map(({ name }) => name).join()
    : isFile
    ? await crypto.subtle.digest("SHA-256", Deno.readFileSync(path))
    : "";
  return Deno.inspect({ mode, uid, gid, size, ino, nlink, content });
}

Deno.test("what is no store is refused in one line, at once, and left alone", async () => {
  const failures = new Failures();
  const kinds = Object.entries({ ...NO_FILES, ...BROKEN });
  await eachOf(kinds, 2, async ([kind, make]) => {
    using temp = new TempFolder();
    const path = temp.file("ports.toml");
    await make(path, temp);
    const before = await pictureOf(path);
    const there = temp.names();
    for (const args of [["name1"], ["-p29500", "new"], ["-uname1"]]) {
      await failures.try(kind, async () => {
        assertRefused(await call(path, ...args), `${kind}: ${args}`);
        assertEquals(await pictureOf(path), before, kind);
        const left = temp.names().filter((name) => name !== "ports.toml.lock");
        assertEquals(left, there, kind);
      });
    }
    await failures.try(kind, async () => {
      // Where there are sound entries, they are listed.
      const { status, stderr } = await call(path, "--list");
      assert(status === 0 || status === 1, `${kind}: --list: ${status}`);
      assert(!/cannot go on|^ +at /m.test(stderr), stderr.slice(0, 500));
    });
  });
  const faults = failures.end();
  survived({ faults, processes: faults });
});

Deno.test("what is no lock is refused in one line, at once, and left alone", async () => {
  const failures = new Failures();
  const kinds = Object.entries({ ...NO_FILES, ...LINKS });
  await eachOf(kinds, 2, ([kind, make]) =>
    failures.try(kind, async () => {
      using temp = new TempFolder();
      const path = temp.write("ports.toml", KEPT);
      temp.write("precious", "do not touch");
      await make(`${path}.lock`, temp);
      const before = await pictureOf(`${path}.lock`);
      const there = temp.names();

      assertRefused(await call(path, "fresh"), kind);
      assertEquals(await pictureOf(`${path}.lock`), before, kind);
      assertEquals(temp.read("ports.toml"), KEPT, kind);
      assertEquals(temp.read("precious"), "do not touch");
      assertEquals(temp.names(), there, kind);
    }));
  const faults = failures.end();
  survived({ faults, processes: faults });
});

Deno.test("whatever is in the temporary file's place is swept up, and not written through", async () => {
  const failures = new Failures();
  const kinds = Object.entries({
    ...NO_FILES,
    ...LINKS,
    "a hard link to a file": (path: string, temp: TempFolder) =>
      Deno.linkSync(temp.file("precious"), path),
  });
  await eachOf(kinds, 2, ([kind, make]) =>
    failures.try(kind, async () => {
      using temp = new TempFolder();
      const path = temp.write("ports.toml", KEPT);
      temp.write("precious", "do not touch");
      await make(`${path}.tmp`, temp);
      const outcome = await call(path, "fresh");

      assertEquals(temp.read("precious"), "do not touch", kind);
      assert(!temp.names().includes("nothing"), kind);
      assertEquals([outcome.status, outcome.stderr], [0, ""], kind);
      const entries = entriesOf(temp.read("ports.toml"));
      assertEquals(entries.get("fresh"), Number(outcome.stdout), kind);
      assertEquals(entries.size, 4, kind);
      // A folder is nothing that a port-for left over: it stays.
      assertEquals(
        temp.names().some((name) => name.includes(".tmp")),
        kind.startsWith("a folder"),
        kind,
      );
      assertEquals(Deno.statSync(temp.file("precious")).nlink, 1, kind);
    }));
  const faults = failures.end();
  survived({ faults, processes: faults });
});

Deno.test("a store that is a symlink stays one, and one to nothing yet leads to a new store", async () => {
  for (const before of [KEPT, undefined]) {
    using temp = new TempFolder();
    Deno.mkdirSync(temp.file("real"));
    if (before) temp.write("real/ports.toml", before);
    const link = temp.file("link.toml");
    Deno.symlinkSync("real/ports.toml", link);

    const { status, stdout } = await call(link, "fresh");
    assertEquals(status, 0);
    assertEquals(Deno.readLinkSync(link), "real/ports.toml");
    const entries = entriesOf(temp.read("real/ports.toml"));
    assertEquals(entries.get("fresh"), Number(stdout));
    assertEquals(entries.size, before ? 4 : 1);
    assertEquals(temp.names(), ["link.toml", "real"]);
    survived({ faults: 1, processes: 1 });
  }
});
