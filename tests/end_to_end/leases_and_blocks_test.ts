import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** A temporary store, and calls on it. */
class Store extends TempFolder {
  call(...args: string[]) {
    return portFor(["--store", this.file("ports.toml"), ...args]);
  }
}

Deno.test("a block is so many consecutive ports, a line each", async () => {
  using store = new Store();
  const { stdout } = await store.call("--count", "4", "render");
  const ports = stdout.trimEnd().split("\n").map(Number);
  const first = ports[0]!;

  assertEquals(ports, [first, first + 1, first + 2, first + 3]);
  assertEquals((await store.call("render")).stdout, stdout);
  assertEquals((await store.call("--count=4", "render")).stdout, stdout);
  assertStringIncludes(
    store.read("ports.toml"),
    `render = { port = ${first}, count = 4 }\n`,
  );
  assertEquals(
    (await store.call("--list")).stdout,
    `render: ${first}-${first + 3}\n`,
  );

  const taken = await store.call("--port", `${first + 3}`, "other");
  assertEquals(taken.status, 1);
  assertStringIncludes(taken.stderr, '"render"');
  const another = await store.call("--count=3", "render");
  assertEquals(another.status, 1);
  assertStringIncludes(another.stderr, `${first}-${first + 3}`);
});

Deno.test("a block longer than any range is refused at once", async () => {
  using store = new Store();
  const { status, stdout, stderr } = await store.call("--count=1000", "x");

  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, "no 1000 consecutive good ports");
});

Deno.test("a count or a duration that makes no sense is refused, by its option", async () => {
  using store = new Store();
  for (
    const [option, value] of [
      ...["0", "-1", "1.5", "many", "", "65536"].map((n) => ["--count", n]),
      ...["0s", "5", "1w", "", "-1s", "999999999d"].map((t) => ["--ttl", t]),
    ] as [string, string][]
  ) {
    const { status, stdout, stderr } = await store.call(
      `${option}=${value}`,
      "x",
    );
    assertEquals([status, stdout], [2, ""], `${option}=${value}`);
    assertStringIncludes(stderr, option);
  }
  const { status, stderr } = await store.call("--port=65535", "--count=2", "x");
  assertEquals(status, 2);
  assertStringIncludes(stderr, "--count");
  assertEquals(store.names(), []);
});

Deno.test("a lease is renewed by a call with --ttl, and lapses without", async () => {
  using store = new Store();
  const { stdout, stderr } = await store.call("--ttl", "15m", "job");
  const [, expires] = /expires = (\S+) \}/.exec(store.read("ports.toml"))!;
  const minutes = (Date.parse(expires!) - Date.now()) / 60_000;

  assertEquals(stderr, "");
  assert(10 < minutes && minutes <= 15.1, `${minutes} minutes`);
  assertEquals((await store.call("job")).stdout, stdout);
  await store.call("--ttl=7d", "job");
  assert(!store.read("ports.toml").includes(expires!));

  const lapsed = store.read("ports.toml").replace(
    /expires = \d+/,
    "expires = 2000",
  );
  store.write("ports.toml", lapsed);
  assertEquals((await store.call("--get", "job")).status, 1);
  assertEquals((await store.call("--list")).stdout, "");
  const port = stdout.trim();
  assertEquals((await store.call("-p", port, "heir")).stdout, stdout);
  assert(!store.read("ports.toml").includes("job"));
});
