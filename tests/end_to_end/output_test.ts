import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Store, unixTest as test } from "../support/store.ts";

/** Runs the program behind a line of shell script. */
function behind(script: string): { prefix: string[] } {
  return { prefix: ["sh", "-c", script, "sh"] };
}

/** Whether a text looks like the insides of a program. */
function hasStackTrace(text: string): boolean {
  return /^\s+at .*:\d+:\d+/m.test(text);
}

test("without a standard output, the association is made all the same", async () => {
  using store = new Store();
  const { stderr } = await store.callWith(behind('"$@" >&-'), "web");

  assert(!hasStackTrace(stderr), stderr);
  const port = await store.print("--get", "web");
  assertStringIncludes(store.text, `web = ${port}`);
});

Deno.test({
  name:
    "what cannot be written is a failure if it is the answer, and only then",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using store = new Store();
    // The second time it is a mere lookup.
    const lookups = [["web"], ["web"], ["--list"], ["--get=web"]];
    for (const args of [...lookups, ["--help"]]) {
      const full = behind('"$@" >/dev/full');
      const { status, stderr } = await store.callWith(full, ...args);
      assertEquals(status, 1);
      assertStringIncludes(stderr, "port-for: cannot ");
      assert(!hasStackTrace(stderr), stderr);
    }
    await store.print("--get", "web");

    const full = behind('"$@" 2>/dev/full');
    assertEquals((await store.callWith(full, "--nope")).status, 2);
    // A system port is warned of.
    const system = await store.callWith(full, "-p443", "system");
    assertEquals([system.status, system.stdout], [0, "443\n"]);
  },
});

test("a reader who has left is no reason for a message", async () => {
  using store = new Store("[ports]\nweb = 24017\n");
  // Number 4 writes to a pipe that, once 3 is closed, nobody can read.
  const pipe = `'${store.file("pipe")}'`;
  const script = `mkfifo ${pipe} && exec 3<>${pipe} 4>${pipe} 3>&- && "$@" >&4`;
  const { stderr } = await store.callWith(behind(script), "web");

  assertEquals(stderr, "");
});

Deno.test("a long answer is written to its end", async () => {
  // More than a pipe holds at a time.
  const lines = Array.from(
    { length: 5000 },
    (_, at) => `${"n".repeat(30)}${at} = ${at + 1}\n`,
  ).join("");
  using store = new Store(`[ports]\n${lines}`);

  assertEquals(await store.print("--list"), lines.replaceAll(" = ", ": "));
});

test("without a standard error, a refusal is a refusal", async () => {
  using store = new Store();
  for (const [arg, expected] of [["--nope", 2], ["--get=a", 1]] as const) {
    const { status } = await store.callWith(behind('"$@" 2>&-'), arg);
    assertEquals(status, expected);
  }
});
