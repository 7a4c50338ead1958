import { assert, assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../../lib/version.ts";
import {
  type Outcome,
  portFor,
  PROJECT,
  runTool,
  works,
} from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const hasNobody = works(...NOBODY, "true");

const OWN_NETWORK = ["unshare", "--net"];
const hasOwnNetwork = works(...OWN_NETWORK, "true");

/** Runs a command with the folder `$0` mounted read-only. */
const READ_ONLY = (folder: string) => [
  ...["unshare", "--mount", "sh", "-c"],
  'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
  folder,
];
const hasReadOnly = works(...READ_ONLY("/mnt"), "true");

Deno.test("deno task compile --engine bun writes a binary that is all of port-for", async (t) => {
  using temp = new TempFolder();
  Deno.chmodSync(temp.path, 0o755);
  const dist = temp.file("dist");
  const { status, stdout, stderr } = await compile("bun", "--out", dist);
  assertEquals(status, 0, stderr);
  const binary = `${dist}/port-for`;
  const named = stdout.trim();
  const port = await portOf("web", temp);

  /** Runs the binary in an empty environment. */
  const run = (
    args: readonly string[],
    { prefix = [], cwd = temp.path }: {
      prefix?: readonly string[];
      cwd?: string;
    } = {},
  ) =>
    runTool([...prefix, "env", "--ignore-environment", binary, ...args], {
      cwd,
    });

  await t.step("named after the engine and the machine, and port-for", () => {
    assertMatch(named, /\/dist\/port-for-bun-(linux|darwin)-(x64|arm64)$/);
    assertEquals(Deno.statSync(named).mode! & 0o777, 0o755);
    assertEquals(Deno.statSync(binary).mode! & 0o777, 0o755);
  });

  await t.step("and written once", () => {
    assertEquals([...Deno.readDirSync(dist)].length, 2);
    assertEquals(Deno.statSync(named).ino, Deno.statSync(binary).ino);
  });

  await t.step("that says its version", async () => {
    assertOut(await run(["--version"]), `port-for ${VERSION}\n`);
  });

  await t.step("that needs nothing of the environment", async () => {
    assertOut(await run(["--store", "a.toml", "web"]), `${port}\n`);
    assertOut(await run(["--store", "a.toml", "--list"]), `web: ${port}\n`);
  });

  await t.step(
    "that says without HOME that it has no store for a user",
    async () => {
      const { status, stdout, stderr } = await run(["--user", "web"]);
      assertMatch(
        stderr,
        /^port-for: cannot find your own store: .+ \(.+\)\n$/,
      );
      assertEquals(stdout, "");
      assertEquals(status, 1);
    },
  );

  await t.step({
    name: "that works for a user who owns nothing",
    ignore: !hasNobody,
    fn: async () => {
      Deno.mkdirSync(temp.file("theirs"));
      Deno.chownSync(temp.file("theirs"), 65_534, 65_534);
      const options = { prefix: NOBODY };
      const theirs = ["--store", "theirs/b.toml", "web"];
      assertOut(await run(theirs, options), `${port}\n`);
      const { status, stderr } = await run(
        ["--store", "b.toml", "web"],
        options,
      );
      assertMatch(stderr, /^port-for: cannot write \S*b\.toml: .+ \(.+\)\n$/);
      assertEquals(status, 1);
    },
  });

  await t.step({
    name: "that works from a folder that nobody can write to",
    ignore: !hasReadOnly,
    fn: async () => {
      const options = { prefix: READ_ONLY(dist), cwd: dist };
      const elsewhere = ["--store", temp.file("c.toml"), "web"];
      assertOut(await run(elsewhere, options), `${port}\n`);
      const { status, stderr } = await run(
        ["--store", "c.toml", "web"],
        options,
      );
      assertMatch(stderr, /^port-for: cannot write \S*c\.toml: .*read-only/);
      assertEquals(status, 1);
    },
  });

  await t.step({
    name: "that works without a network",
    ignore: !hasOwnNetwork,
    fn: async () => {
      const options = { prefix: OWN_NETWORK };
      const { status, stdout, stderr } = await run(
        ["--store", "d.toml", "web"],
        options,
      );
      assertEquals(stderr, "");
      assertMatch(stdout, /^\d+\n$/);
      assertEquals(status, 0);
    },
  });

  await t.step(
    "that takes nothing from the folder that it runs in",
    async () => {
      const cwd = temp.file("hostile");
      Deno.mkdirSync(cwd);
      const files = {
        ".env": "PORT_FOR_STORE=env.toml\n",
        ".env.production": "PORT_FOR_STORE=env.toml\n",
        "bunfig.toml": 'preload = ["./hostile.js"]\n',
        "hostile.js": 'console.log("hostile");\n',
        "package.json": '{ "type": "commonjs", "main": "hostile.js" }\n',
        "tsconfig.json":
          '{ "compilerOptions": { "paths": { "*": ["./*"] } } }\n',
        "deno.json": '{ "imports": { "node:fs": "./hostile.js" } }\n',
      };
      for (const [name, text] of Object.entries(files)) {
        Deno.writeTextFileSync(`${cwd}/${name}`, text);
      }
      const options = { cwd };
      assertOut(await run(["--store", "e.toml", "web"], options), `${port}\n`);
      const written = ["e.toml", "e.toml.lock"];
      assertEquals(
        [...Deno.readDirSync(cwd)].map(({ name }) => name).toSorted(),
        [...Object.keys(files), ...written].toSorted(),
      );
    },
  );

  await t.step("that works in a folder that was deleted", async () => {
    const store = temp.file("deleted.toml");
    const { status, stdout, stderr } = await runTool([
      ...["sh", "-c", 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"'],
      ...[temp.file("deleted"), binary, "--store", store, "web"],
    ]);
    assertEquals(stderr, "");
    assertEquals(stdout, `${port}\n`);
    assertEquals(status, 0);
  });

  await t.step("that leaves nothing in the home folder", async () => {
    const home = temp.file("home");
    Deno.mkdirSync(home);
    const outcome = await runTool([binary, "--store", "f.toml", "web"], {
      cwd: temp.path,
      env: { HOME: home },
    });
    assertOut(outcome, `${port}\n`);
    assertEquals([...Deno.readDirSync(home)], []);
  });

  await t.step("that another one replaces while it runs", async () => {
    const running = [named, binary].map((program) =>
      new Deno.Command(program, {
        args: ["--store", temp.file("g.toml"), "web", "--", "cat"],
        stdin: "piped",
        stdout: "piped",
      }).spawn()
    );
    for (const { stdin } of running) {
      const writer = stdin.getWriter();
      await writer.write(new TextEncoder().encode("still here"));
      writer.releaseLock();
    }
    const { status, stderr } = await compile("bun", "--out", dist);
    for (const process of running) {
      await process.stdin.close();
      const { code, stdout } = await process.output();
      assertEquals(new TextDecoder().decode(stdout), "still here");
      assertEquals(code, 0);
    }
    assertEquals(status, 0, stderr);
  });
});

Deno.test("deno task compile refuses what it does not know, with status 2", async () => {
  using temp = new TempFolder();
  const out = ["--out", temp.file("dist")];
  const wrong: [string[], RegExp][] = [
    [
      ["--engine", "node"],
      /^compile: unknown --engine node: not deno or bun\n/,
    ],
    [
      ["--engine", "bun", "--target", "amiga"],
      /^compile: unknown --target amiga for bun: not one of linux-x64, /,
    ],
    [
      ["--engine", "deno", "--target", "linux-x64-musl"],
      /^compile: unknown --target linux-x64-musl for deno: not one of /,
    ],
    [["--fast"], /^compile: unknown argument --fast\n/],
    [["linux-x64"], /^compile: unknown argument linux-x64\n/],
  ];
  for (const [args, message] of wrong) {
    const { status, stdout, stderr } = await task("compile", ...args, ...out);
    assertMatch(stderr, message);
    assertEquals(stdout, "");
    assertEquals(status, 2);
  }
  assertEquals(temp.names(), []);
});

Deno.test("deno task compile --help names every target", async () => {
  const { status, stdout } = await task("compile", "--help");
  for (const system of ["linux-x64", "linux-arm64", "linux-x64-musl"]) {
    assert(stdout.includes(` ${system},`), stdout);
  }
  assertEquals(status, 0);
});

Deno.test("deno task compile says in one line that Deno's runtime cannot be had", async () => {
  using temp = new TempFolder();
  const { status, stdout, stderr } = await task(
    ...["compile", "--engine", "deno", "--out", temp.file("dist")],
  );
  if (status === 0) {
    // It could be had.
    const { stdout } = await runTool([temp.file("dist/port-for"), "--version"]);
    assertEquals(stdout, `port-for ${VERSION}\n`);
    return;
  }
  assertMatch(
    stderr,
    /^compile: cannot compile \S+ with Deno: its runtime, denort, .+ \(.+\)\n$/,
  );
  assertEquals(stdout, "");
  assertEquals(status, 1);
  assertEquals([...Deno.readDirSync(temp.file("dist"))], []);
});

Deno.test("deno task compile says that a runtime named by DENORT_BIN is not there", async () => {
  using temp = new TempFolder();
  const { status, stderr } = await runTool(
    [Deno.execPath(), "task", "--quiet", "compile", "--out", temp.file("dist")],
    { env: { ...OWN_CACHES, DENORT_BIN: temp.file("no-such-runtime") } },
  );
  assert(stderr.includes("no-such-runtime"), stderr);
  assert(!stderr.includes("downloaded"), stderr);
  assertEquals(status, 1);
});

Deno.test({
  name:
    "deno task compile has Deno's binary trust no cache in the temporary folder",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using temp = new TempFolder();
    // Deno appends the program to whatever runtime it is given, with a note of
    // what the runtime is to do.
    const runtime = Deno.env.get("DENORT_BIN") || "/bin/true";
    const { status, stderr } = await runTool(
      [
        ...[Deno.execPath(), "task", "--quiet", "compile"],
        ...["--engine", "deno", "--out", temp.file("dist")],
      ],
      { env: { ...OWN_CACHES, DENORT_BIN: runtime } },
    );
    assertEquals(status, 0, stderr);
    const binary = new TextDecoder("latin1").decode(
      Deno.readFileSync(temp.file("dist/port-for")),
    );
    assertEquals(/"code_cache_key":([^,}]*)/.exec(binary)?.[1], "null");
  },
});

function assertOut(outcome: Outcome, stdout: string): void {
  assertEquals(outcome, { status: 0, stdout, stderr: "" });
}

/** The port that the program that is tested elsewhere gives to a name. */
async function portOf(name: string, temp: TempFolder): Promise<number> {
  const store = temp.file("source.toml");
  const { stdout } = await portFor(["--store", store, name]);
  return Number(stdout);
}

function compile(engine: string, ...args: string[]): Promise<Outcome> {
  return task("compile", "--engine", engine, ...args);
}

/** What a download of Bun needs, where there is none on the machine. */
const OWN_CACHES = { HOME: Deno.env.get("HOME"), NO_COLOR: "1" };

function task(...args: string[]): Promise<Outcome> {
  return runTool([Deno.execPath(), "task", "--quiet", ...args], {
    cwd: PROJECT,
    env: OWN_CACHES,
  });
}
