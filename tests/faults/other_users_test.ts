import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { bunRuntime } from "../../lib/runtime/bun.ts";
import { denoRuntime } from "../../lib/runtime/deno.ts";
import type { OpenFile, Runtime } from "../../lib/runtime/runtime.ts";
import {
  canBecome,
  canTrace,
  Failures,
  has,
  inForm,
  isRoot,
  survived,
} from "../support/fault_form.ts";
import { hastyMachine } from "../support/interposed.ts";
import { callOn, entriesOf, KEPT } from "../support/scenarios.ts";
import { traced } from "../support/traced.ts";
import {
  asUser,
  NOBODY,
  type Outcome,
  portFor,
  runTool,
  works,
} from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Only the binary has nothing to do but what port-for does. */
const isBinary = !/\b(?:deno|bun)\b.*\.(?:ts|js)$/.test(
  Deno.env.get("PORT_FOR") || "deno main.ts",
);

/** A user who may do nothing here, runs any command. */
function nobody(...words: string[]): Promise<Outcome> {
  return runTool([
    "setpriv",
    ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
    ...words,
  ]);
}

/** A folder of root's in which others may, or may not, make files too. */
class Folder extends TempFolder {
  readonly store: string;

  constructor(mode: number, store?: { readonly mode: number }) {
    super();
    Deno.chmodSync(this.path, mode);
    this.store = this.file("ports.toml");
    if (store) Deno.chmodSync(this.write("ports.toml", KEPT), store.mode);
  }
}

/** A folder that is everybody's, with and without the bit that protects files. */
const EVERYBODYS = { "a sticky folder": 0o1777, "an open folder": 0o777 };

/** A process of nobody's that holds a lock of its own. */
class PlantedLock implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(path: string) {
    this.#process = new Deno.Command("setpriv", {
      args: [
        ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
        // It lets go when its standard input ends.
        ...["flock", path, "sh", "-c", "echo held; cat"],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
  }

  static async at(path: string): Promise<PlantedLock> {
    const lock = new PlantedLock(path);
    const output = lock.#process.stdout.getReader();
    const { done } = await output.read();
    output.releaseLock();
    if (done) {
      await lock[Symbol.asyncDispose]();
      throw new Error(`cannot hold ${path}`);
    }
    return lock;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.abort();
    await this.#process.stdout.cancel();
    await this.#process.status;
  }
}

Deno.test({
  name:
    "who may not write a store cannot open its lock, even one that was open to all",
  ignore: !canBecome || !has(() => works("flock", "--version")),
  fn: async () => {
    for (const mode of [0o644, 0o600, 0o664, 0o640]) {
      using folder = new Folder(0o755, { mode });
      const lock = folder.write("ports.toml.lock", "");
      Deno.chmodSync(lock, 0o666);
      assertEquals((await nobody("flock", "-n", lock, "true")).status, 0);
      await portFor([`--store=${folder.store}`, "fresh"]);

      const { status, stderr } = await nobody("flock", "-n", lock, "true");
      assert(status !== 0);
      assertStringIncludes(stderr, "Permission denied");
    }
    using shared = new Folder(0o755, { mode: 0o666 });
    await portFor([`--store=${shared.store}`, "fresh"]);
    const lock = `${shared.store}.lock`;
    assertEquals((await nobody("flock", "-n", lock, "true")).status, 0);
    survived({ faults: 5, processes: 5 });
  },
});

for (const [where, mode] of Object.entries(EVERYBODYS)) {
  Deno.test({
    name:
      `who may not write a store cannot hold it up with a lock planted in ${where}`,
    ignore: !canBecome || !has(() => works("flock", "--version")),
    fn: async () => {
      // Its group is root's, which nobody is not in.
      for (const store of [undefined, { mode: 0o644 }, { mode: 0o664 }]) {
        using folder = new Folder(mode, store);
        await using _ = await PlantedLock.at(`${folder.store}.lock`);
        const { status, stdout, stderr } = await portFor([
          `--store=${folder.store}`,
          "--wait=5",
          "fresh",
        ]);

        const what = `a store ${store?.mode.toString(8) ?? "to be made"}`;
        assert(!stderr.includes("--wait"), `${what}: root had to wait`);
        if (status !== 0) {
          assertEquals([status, stdout], [1, ""], what);
          assertStringIncludes(stderr, `belongs to user ${NOBODY}`, what);
        }
      }
      survived({ faults: 3, processes: 3 });
    },
  });

  Deno.test({
    name:
      `who may not write a store cannot redirect it with files planted in ${where}`,
    ignore: !canBecome,
    fn: async () => {
      const failures = new Failures();
      const ways: Record<string, (at: string, victim: string) => string[]> = {
        "a symlink": (at, victim) => ["ln", "-s", victim, at],
        "a symlink to nothing": (at, victim) => ["ln", "-s", `${victim}2`, at],
        "a file": (at) => ["touch", at],
        "a FIFO": (at) => ["mkfifo", at],
        "a folder": (at) => ["mkdir", at],
      };
      for (const [way, words] of Object.entries(ways)) {
        for (const end of [".tmp", ".lock"]) {
          await failures.try(`${way} as ${end}`, async () => {
            using folder = new Folder(mode, { mode: 0o644 });
            using roots = new TempFolder();
            const victim = roots.write("victim", "do not touch");
            Deno.chmodSync(roots.path, 0o755);
            Deno.chmodSync(victim, 0o600);
            const at = `${folder.store}${end}`;
            const { status } = await nobody(...words(at, victim));
            assertEquals(status, 0);
            const outcome = await portFor([
              `--store=${folder.store}`,
              "--wait=1",
              "fresh",
            ]);

            assertUntouched(victim, "do not touch", 0o600);
            assertEquals(roots.names(), ["victim"]);
            const refused = outcome.status === 1;
            if (refused) {
              assertMatch(outcome.stderr, /^port-for: cannot (?!go on)/);
              assertStringIncludes(outcome.stderr, at);
              assertEquals(folder.read("ports.toml"), KEPT);
            } else assertEquals([outcome.status, outcome.stderr], [0, ""]);
            // Only a folder may be too much to sweep up.
            if (end === ".tmp" && way !== "a folder") assert(!refused);
          });
        }
      }
      survived({ faults: failures.end(), processes: 10 });
    },
  });
}

/** Asserts that a file of root's is as it was. */
function assertUntouched(path: string, text: string, mode: number): void {
  const facts = Deno.lstatSync(path);
  assertEquals(Deno.readTextFileSync(path), text);
  assertEquals([facts.uid, facts.gid], [Deno.uid(), Deno.gid()], "the owner");
  assertEquals(
    (facts.mode! & 0o7777).toString(8),
    mode.toString(8),
    "the mode",
  );
}

Deno.test({
  name:
    "who owns a store cannot have another file's owner or mode changed by hard links",
  ignore: !isRoot,
  fn: async () => {
    // Many systems let users link what is not theirs; here root does it.
    for (const end of [".lock", ".tmp"]) {
      using folder = new Folder(0o755, { mode: 0o666 });
      Deno.chownSync(folder.store, NOBODY, NOBODY);
      using roots = new TempFolder();
      const victim = roots.write("victim", "do not touch");
      Deno.chmodSync(victim, 0o600);
      Deno.linkSync(victim, `${folder.store}${end}`);
      await portFor([`--store=${folder.store}`, "--wait=1", "fresh"]);

      assertUntouched(victim, "do not touch", 0o600);
      survived({ faults: 1, processes: 1 });
    }
  },
});

/**
 * The files of both runtimes, on a machine that is quiet and hasty. Only Bun
 * itself can take Bun's locks.
 */
const MACHINES: Readonly<Record<string, Runtime>> = {
  Deno: withFilesOf(denoRuntime, {}),
  Bun: withFilesOf(bunRuntime, {
    lock: () => Promise.resolve(true),
  }),
};

function withFilesOf(runtime: Runtime, stubs: Partial<OpenFile>): Runtime {
  const { readFile, readText, stat, lstat, readLink, realPath } = runtime;
  const { makeFolder, rename, remove } = runtime;
  return {
    ...hastyMachine,
    ...{ readFile, readText, stat, lstat, readLink, realPath },
    ...{ makeFolder, rename, remove },
    open: (path, how) => ({ ...runtime.open(path, how), sync() {}, ...stubs }),
  };
}

/** A store of somebody else's, who does things while root changes it. */
class Hostile implements Disposable {
  /** The owner's folder. */
  readonly owners: TempFolder = new TempFolder();
  /** Root's folder. */
  readonly roots: TempFolder = new TempFolder();
  readonly store: string;
  readonly secret: string;

  constructor() {
    this.store = this.owners.write("ports.toml", KEPT);
    Deno.chmodSync(this.store, 0o666);
    Deno.chownSync(this.store, NOBODY, NOBODY);
    this.secret = this.roots.write("secret", SECRET);
    Deno.chmodSync(this.secret, 0o600);
  }

  /** Puts a symlink to root's secret into a file's place. */
  swap(path: string): void {
    try {
      Deno.renameSync(path, `${path}.aside`);
    } catch {
      // There was nothing in its place.
    }
    try {
      Deno.symlinkSync(this.secret, path);
    } catch {
      // There is a secret already.
    }
  }

  /** Puts back what was there. */
  restore(path: string): void {
    try {
      if (!Deno.lstatSync(path).isSymlink) return;
      Deno.removeSync(path);
      Deno.renameSync(`${path}.aside`, path);
    } catch {
      // It has been swept up.
    }
  }

  /** Asserts that the secret is in no file that its owner may read. */
  assertToldNothing(when: string): void {
    for (const name of this.owners.names()) {
      const path = this.owners.file(name);
      const { isFile, uid, mode } = Deno.lstatSync(path);
      if (!isFile || (uid !== NOBODY && (mode! & 0o044) === 0)) continue;
      const text = Deno.readTextFileSync(path);
      assert(!text.includes("1234"), `${when}, ${name} tells the secret`);
    }
  }

  [Symbol.dispose](): void {
    this.owners[Symbol.dispose]();
    this.roots[Symbol.dispose]();
  }
}

const SECRET = 'password = "1234"\n';

/** The step that finds where the store is, symlinks followed, to change it. */
async function stepThatFinds(machine: Runtime): Promise<number> {
  using hostile = new Hostile();
  let finds = 0;
  let isLocked = false;
  await callOn(machine, [`--store=${hostile.store}`, "fresh"], (step, run) => {
    isLocked ||= step.path === `${hostile.store}.lock`;
    if (step.operation === "realPath" && !isLocked) finds = step.at;
    return run();
  });
  return finds;
}

for (const [engine, machine] of Object.entries(MACHINES)) {
  Deno.test({
    name:
      `who owns a store cannot have root's files read, written or given away by swapping paths, on ${engine}`,
    ignore: !isRoot,
    fn: async () => {
      const failures = new Failures();
      const found = await stepThatFinds(machine);
      for (const end of ["", ".tmp", ".lock"]) {
        let steps = Infinity;
        for (let from = 1; from <= steps; from++) {
          const ends = [from + 1, Infinity, from + 2, from + 4];
          for (const until of ends.slice(0, inForm(2, 4))) {
            await failures.try(`${end || "the store"} is swapped`, async () => {
              using hostile = new Hostile();
              const path = `${hostile.store}${end}`;
              let swapped = false;
              const args = [`--store=${hostile.store}`, "--wait=0", "fresh"];
              steps = 0;
              await callOn(machine, args, (step, run) => {
                steps++;
                // A symlink that is there beforehand is followed, as it should
                // be; one that comes later is a trick.
                if (step.at === from && (from > found || end)) {
                  hostile.swap(path);
                  swapped = true;
                }
                if (step.at === until && swapped) hostile.restore(path);
                return run();
              });
              const when = `from step ${from} until step ${until}`;
              assertUntouched(hostile.secret, SECRET, 0o600);
              hostile.assertToldNothing(when);
            });
          }
        }
      }
      survived({ faults: failures.end() });
    },
  });
}

Deno.test({
  name:
    "a store of somebody else's keeps its owner and mode, and its lock is theirs too",
  ignore: !isRoot,
  fn: async () => {
    for (const mode of inForm([0o640], [0o600, 0o640, 0o644, 0o660])) {
      using folder = new Folder(0o755, { mode });
      Deno.chownSync(folder.store, 1234, 4321);
      for (const args of [["fresh"], ["-uweb"]]) {
        await portFor([`--store=${folder.store}`, ...args]);
        const { uid, gid, mode: now } = Deno.statSync(folder.store);
        assertEquals([uid, gid, now! & 0o7777], [1234, 4321, mode]);
        const lock = Deno.statSync(`${folder.store}.lock`);
        assertEquals([lock.uid, lock.gid], [1234, 4321]);
      }
      survived({ processes: 2 });
    }
  },
});

Deno.test({
  name:
    "who may not write a folder looks names up there, and loses nothing by trying to change them",
  ignore: !canBecome,
  fn: async () => {
    using own = new TempFolder();
    const someone = await asUser(NOBODY, own);
    using folder = new Folder(0o755, { mode: 0o644 });
    const call = (...args: string[]) =>
      portFor([`--store=${folder.store}`, ...args], someone);

    assertEquals((await call("web")).stdout, "24017\n");
    for (const args of [["fresh"], ["-p29500", "fresh"], ["-uweb"]]) {
      const { status, stdout, stderr } = await call(...args);
      assertEquals([status, stdout], [1, ""]);
      assertMatch(stderr, /^port-for: cannot (?!go on).*permission denied/);
      assertEquals(folder.read("ports.toml"), KEPT);
      assertEquals(folder.names(), ["ports.toml"]);
    }
    Deno.chmodSync(folder.store, 0o600);
    const { status, stdout, stderr } = await call("web");
    assertEquals([status, stdout], [1, ""]);
    assertMatch(stderr, /^port-for: cannot read .*permission denied/);
    survived({ faults: 4, processes: 5 });
  },
});

Deno.test("odd values of HOME and XDG_STATE_HOME do nothing where the program is run", async () => {
  const failures = new Failures();
  const odd: Record<string, string | undefined>[] = [
    { HOME: "relative" },
    { HOME: "." },
    { HOME: ".." },
    { HOME: "~" },
    { HOME: "" },
    { HOME: undefined },
    // Deno itself does not start with these.
    ...(isBinary
      ? [{ HOME: "/dev/null" }, { HOME: `/nonexistent/${"x".repeat(5000)}` }]
      : []),
    { XDG_STATE_HOME: "relative", HOME: undefined },
    { XDG_STATE_HOME: "../..", HOME: "" },
    { XDG_STATE_HOME: "/dev/null" },
  ];
  for (const env of odd) {
    const what = JSON.stringify(env).slice(0, 60);
    await failures.try(what, async () => {
      using temp = new TempFolder();
      const inner = temp.file("inner");
      Deno.mkdirSync(inner);
      const { status, stdout, stderr } = await portFor(["--user", "web"], {
        cwd: inner,
        env: { USERPROFILE: undefined, ...env },
      });

      assertEquals(temp.names(), ["inner"], what);
      assertEquals([...Deno.readDirSync(inner)], [], what);
      assertEquals([status, stdout], [1, ""], what);
      assertMatch(stderr, /^port-for: cannot (?!go on)/, what);
    });
  }
  const faults = failures.end();
  survived({ faults, processes: faults });
});

Deno.test("a relative XDG_STATE_HOME is as good as none", async () => {
  using temp = new TempFolder();
  const { stdout } = await portFor(["--user", "web"], {
    cwd: temp.path,
    env: { HOME: temp.file("home"), XDG_STATE_HOME: "state" },
  });
  assertEquals(temp.names(), ["home"]);
  const store = temp.read("home/.local/state/port-for/port-for.toml");
  assertEquals(entriesOf(store).get("web"), Number(stdout));
  const folder = Deno.statSync(temp.file("home/.local/state/port-for"));
  assertEquals(folder.mode! & 0o777, 0o700);
});

/** A folder whose files would tell tools what to do. */
function bait(temp: TempFolder): void {
  const settings = "PORT_FOR_STORE=evil.toml\nXDG_STATE_HOME=/evil\n";
  for (const end of ["", ".local", ".production", ".development"]) {
    temp.write(`.env${end}`, settings);
  }
  temp.write("bunfig.toml", 'preload = ["./evil.ts"]\n');
  temp.write(
    "evil.ts",
    'import { writeFileSync } from "node:fs"; writeFileSync("ran", "");',
  );
  temp.write("package.json", '{ "imports": { "#x": "./evil.ts" } }');
  temp.write("tsconfig.json", '{ "compilerOptions": { "paths": {} } }');
  temp.write("deno.json", '{ "imports": { "smol-toml": "./evil.ts" } }');
}

Deno.test("settings that lie in the current folder are nobody's to follow", async () => {
  using temp = new TempFolder();
  bait(temp);
  const there = temp.names();
  temp.write("evil.toml", "[ports]\nweb = 6666\n");
  const home = { cwd: temp.path, env: { HOME: temp.file("home") } };

  const { status, stdout, stderr } = await portFor(
    ["--user", "--get=web"],
    home,
  );
  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, temp.file("home/.local/state"));
  assertEquals(temp.names(), [...there, "evil.toml"].sort());
  survived({ faults: there.length, processes: 1 });
});

Deno.test({
  name:
    "the binary opens nothing in the current folder, writes nothing but the store, and starts nothing",
  ignore: !isBinary || !canTrace,
  fn: async () => {
    using temp = new TempFolder();
    using folder = new TempFolder();
    bait(temp);
    const store = folder.write("ports.toml", KEPT);
    const { status, calls } = await traced([`--store=${store}`, "fresh"], {
      calls: ["%file", "%process"],
      cwd: temp.path,
    });

    assertEquals(status, 0);
    const started = calls.filter(({ name }) => /^exec/.test(name));
    assertEquals(started.length, 1);
    const opened = calls.filter(({ name }) => name.startsWith("open"));
    assert(opened.length > 10);
    for (const { name, args } of calls) {
      if (name === "getcwd") continue;
      const path = /"([^"]*)"/.exec(args)?.[1] ?? "";
      assert(!path.startsWith(temp.path), `${name}(${args})`);
      // What is opened by a relative path is opened in the current folder.
      const relative = /^AT_FDCWD/.test(args) && !path.startsWith("/");
      assert(!relative, `${name}(${args})`);
      const writes = /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(args) ||
        /^(?:mkdir|mknod|link|symlink|unlink|rename|chmod|chown)/.test(name);
      assert(
        !writes || path.startsWith(store) || path.startsWith("/dev/"),
        `${name}(${args})`,
      );
    }
    survived({ processes: 1 });
  },
});
