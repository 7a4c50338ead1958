import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Runs the program behind a line of shell script. */
function behind(script: string): { prefix: string[] } {
  return { prefix: ["sh", "-c", script, "sh"] };
}

/** Whether a text looks like the insides of a program. */
function hasStackTrace(text: string): boolean {
  return /^\s+at .*:\d+:\d+/m.test(text);
}

Deno.test("without a standard output, the association is made all the same", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml")];
  const { stderr } = await portFor([...store, "web"], behind('"$@" >&-'));

  assert(!hasStackTrace(stderr), stderr);
  const { status, stdout } = await portFor([...store, "--get", "web"]);
  assertEquals(status, 0);
  assertStringIncludes(temp.read("ports.toml"), `web = ${stdout}`);
});

Deno.test({
  name: "an answer that cannot be written is a failure, the association stays",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using temp = new TempFolder();
    const store = ["--store", temp.file("ports.toml")];
    const full = behind('"$@" >/dev/full');

    for (const args of [["web"], ["--list"], ["--get=web"], ["--help"]]) {
      const { status, stderr } = await portFor([...store, ...args], full);
      assertEquals(status, 1);
      assertStringIncludes(stderr, "port-for: cannot ");
      assert(!hasStackTrace(stderr), stderr);
    }
    assertEquals((await portFor([...store, "--get", "web"])).status, 0);
  },
});

Deno.test("a reader who has left is no reason for a message", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 24017\n");
  // Number 4 writes to a pipe that, once 3 is closed, nobody can read.
  const script =
    `mkfifo ${temp.file("pipe")} && exec 3<>${temp.file("pipe")} ` +
    `4>${temp.file("pipe")} 3>&- && "$@" >&4`;
  const { stderr } = await portFor(["--store", path, "web"], behind(script));

  assertEquals(stderr, "");
});

Deno.test("a long answer is written to its end", async () => {
  using temp = new TempFolder();
  // More than a pipe holds at a time.
  const names = Array.from(
    { length: 5000 },
    (_, at) => `${"n".repeat(30)}${at}`,
  );
  const lines = names.map((name, at) => `${name} = ${at + 1}\n`);
  const path = temp.write("ports.toml", `[ports]\n${lines.join("")}`);
  const { stdout } = await portFor(["--store", path, "--list"]);

  assertEquals(stdout, lines.join("").replaceAll(" = ", ": "));
});

Deno.test("without a standard error, a refusal is a refusal", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml")];

  for (const [args, expected] of [[["--nope"], 2], [["--get=a"], 1]] as const) {
    const { status } = await portFor([...store, ...args], behind('"$@" 2>&-'));
    assertEquals(status, expected);
  }
});

Deno.test({
  name: "a message that cannot be written changes neither answer nor status",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using temp = new TempFolder();
    const store = ["--store", temp.file("ports.toml")];
    const full = behind('"$@" 2>/dev/full');

    assertEquals((await portFor([...store, "--nope"], full)).status, 2);
    // A system port is warned of.
    const { status, stdout } = await portFor([...store, "-p443", "web"], full);
    assertEquals([status, stdout], [0, "443\n"]);
  },
});
