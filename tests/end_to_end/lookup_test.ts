import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  asUser,
  NOBODY,
  type Outcome,
  portFor,
  PROGRAM,
  works,
} from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const STORE = "[ports]\nweb = 24017\n";

/** Every system call with a path in it, and every subprocess, of one call. */
async function traced(temp: TempFolder, ...args: string[]): Promise<string[]> {
  using traces = new TempFolder();
  await portFor(["--store", temp.file("ports.toml"), ...args], {
    prefix: [
      ...["strace", "--follow-forks", "--quiet=all", "--string-limit=4096"],
      ...["--trace=%file,execve,execveat", "--output", traces.file("trace")],
    ],
  });
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

const canTrace = works("strace", "--quiet=all", "--output=/dev/null", "true");

Deno.test({
  name: "a lookup opens no lock, writes nothing and runs nothing",
  ignore: !canTrace,
  fn: async () => {
    using temp = new TempFolder();
    temp.write("ports.toml", STORE);

    for (const args of [["web"], ["--get", "web"], ["--list"], ["-uother"]]) {
      const calls = await traced(temp, ...args);
      assert(calls.some((call) => call.includes(temp.file("ports.toml"))));
      assertEquals(changesIn(temp.path, calls), []);
      assertEquals(commandsIn(calls).length, 1);
    }
    assertEquals(temp.names(), ["ports.toml"]);

    // What the trace of a call that does change something looks like.
    const changes = changesIn(temp.path, await traced(temp, "db")).join("\n");
    assertStringIncludes(changes, "ports.toml.lock");
    assertStringIncludes(changes, "rename");
  },
});

/** Whether a user without any rights can run the program on this machine. */
const hasNobody = works(
  ...["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`],
  ...["--clear-groups", "test", "-r", PROGRAM.at(-1)!],
);

Deno.test({
  name: "a user without any rights can look up, and is refused a change",
  ignore: !hasNobody,
  fn: async () => {
    using temp = new TempFolder();
    using own = new TempFolder();
    Deno.chmodSync(temp.path, 0o755);
    const path = temp.write("ports.toml", STORE);
    Deno.chmodSync(path, 0o444);
    const nobody = await asUser(NOBODY, own);
    const call = (...args: string[]): Promise<Outcome> =>
      portFor(["--store", path, ...args], nobody);

    const found = { status: 0, stdout: "24017\n", stderr: "" };
    assertEquals(await call("web"), found);
    assertEquals(await call("--get", "web"), found);
    assertEquals(await call("--list"), { ...found, stdout: "web: 24017\n" });

    for (const args of [["db"], ["web", "db"], ["-p9000", "db"], ["-uweb"]]) {
      const { status, stdout, stderr } = await call(...args);
      assertEquals([status, stdout], [1, ""], args.join(" "));
      assertStringIncludes(stderr, `cannot write ${path}: permission denied`);
      assertStringIncludes(stderr, "sudo");
    }
    assertEquals(temp.read("ports.toml"), STORE);
    assertEquals(temp.names(), ["ports.toml"]);
  },
});

Deno.test({
  name: "a store that may not be read is not taken for an empty one",
  ignore: !hasNobody,
  fn: async () => {
    using temp = new TempFolder();
    using own = new TempFolder();
    Deno.chmodSync(temp.path, 0o777);
    const path = temp.write("ports.toml", STORE);
    Deno.chmodSync(path, 0o600);
    const nobody = await asUser(NOBODY, own);

    for (const args of [["web"], ["--list"], ["--get=web"], ["-uweb"]]) {
      const { status, stdout, stderr } = await portFor(
        ["--store", path, ...args],
        nobody,
      );
      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, `cannot read ${path}: permission denied`);
    }
    assertEquals(temp.read("ports.toml"), STORE);
  },
});
