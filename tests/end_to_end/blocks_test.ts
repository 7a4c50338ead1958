import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { availableGoodPorts } from "../../lib/machine/good_ports.ts";
import { formatPortRange } from "../../lib/ports/port_range.ts";
import { Holder } from "../support/holders.ts";
import { isUnix, StackStore } from "../support/store.ts";

/** The numbers from `first`, `count` of them. */
function run(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}

/** A run of good ports of at least this length, but not a very long one. */
function goodRun(length: number): { first: number; last: number } {
  const runs = [...availableGoodPorts().ranges()]
    .filter(({ first, last }) => last - first + 1 >= length)
    .sort((a, b) => (a.last - a.first) - (b.last - b.first));
  return runs[0]!;
}

Deno.test("a block is consecutive good ports, printed a line each, and stays", async () => {
  using store = new StackStore();
  const ports = await store.ports(["--count=5", "render"]);

  assertEquals(ports, run(ports[0]!, 5));
  const good = availableGoodPorts();
  assert(ports.every((port) => good.has(port)));
  for (
    const args of [["render"], ["--count=5", "render"], ["--get=render"]]
  ) {
    assertEquals(await store.ports(args), ports);
  }
  assertStringIncludes(
    store.text(),
    `render = { port = ${ports[0]}, count = 5 }\n`,
  );
});

Deno.test("a block is one association, wherever it is shown", async () => {
  using store = new StackStore();
  store.fill("[ports]\nrender = { port = 25100, count = 3 }\nweb = 24017\n");

  assertEquals(
    await store.print(["--list"]),
    "render: 25100-25102\nweb: 24017\n",
  );
  assertEquals(
    await store.print(["--json", "render", "web"]),
    '{"render":[25100,25101,25102],"web":24017}\n',
  );
  assertEquals(await store.print(["--env", "render"]), "RENDER_PORT=25100\n");
  assertEquals(await store.print(["--unbind", "render"]), "");
  assertEquals(await store.print(["--list"]), "web: 24017\n");
});

Deno.test("a block of one is a port like others", async () => {
  using store = new StackStore();
  const ports = await store.ports(["--count=1", "web"]);

  assertEquals(ports.length, 1);
  assertEquals(await store.ports(["web"]), ports);
  assertStringIncludes(store.text(), `web = ${ports[0]}\n`);
});

Deno.test("--count gives each of several names a block", async () => {
  using store = new StackStore();
  const ports = await store.ports(["--count=2", "a", "b"]);

  assertEquals(ports.length, 4);
  assertEquals(new Set(ports).size, 4);
  assertEquals(await store.ports(["a"]), run(ports[0]!, 2));
  assertEquals(await store.ports(["b"]), run(ports[2]!, 2));
});

Deno.test("another count is refused with both, and the way out", async () => {
  using store = new StackStore();
  store.fill("[ports]\nrender = { port = 25100, count = 4 }\nweb = 24017\n");
  const before = store.text();
  for (
    const [name, count, wanted, has] of [
      ["render", "3", '"render" with 3 ports', "25100-25103"],
      ["render", "1", '"render" with 1 port', "25100-25103"],
      ["render", "5", '"render" with 5 ports', "25100-25103"],
      ["web", "2", '"web" with 2 ports', "port 24017"],
    ] as const
  ) {
    const { status, stdout, stderr } = await store.call([
      `--count=${count}`,
      name,
    ]);

    assertEquals([status, stdout], [1, ""]);
    for (const part of [wanted, has, "--unbind"]) {
      assertStringIncludes(stderr, part);
    }
  }
  assertEquals(store.text(), before);
});

Deno.test("blocks and single ports never overlap, down to the last port", async () => {
  using store = new StackStore();
  const { first } = goodRun(12);
  const range = `--range=${first}-${first + 11}`;
  const blocks = await store.ports([range, "--count=5", "a", "b"]);
  // Two are left.
  const singles = await store.ports([range, "c", "d"]);

  assertEquals([...blocks, ...singles].sort(), run(first, 12));
  const { status, stderr } = await store.call([range, "e"]);
  assertEquals(status, 1);
  assertStringIncludes(stderr, "12 belong to other names");
});

Deno.test("--port takes no port of a block, and no block a port of another name", async () => {
  using store = new StackStore();
  const { first } = goodRun(10);
  store.fill(
    `[ports]\nblock = { port = ${first + 2}, count = 3 }\nweb = ${first + 8}\n`,
  );
  const before = store.text();
  for (
    const [port, count, holder, taken] of [
      [first + 2, 1, "block", first + 2],
      [first + 4, 1, "block", first + 4],
      [first, 3, "block", first + 2],
      [first + 1, 5, "block", first + 2],
      [first + 4, 4, "block", first + 4],
      [first + 5, 4, "web", first + 8],
    ] as const
  ) {
    const { status, stdout, stderr } = await store.call([
      `--port=${port}`,
      `--count=${count}`,
      "new",
    ]);

    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(
      stderr,
      `with port ${taken}: it belongs to "${holder}"`,
    );
  }
  assertEquals(store.text(), before);
  assertEquals(
    await store.ports([`--port=${first + 5}`, "--count=3", "new"]),
    run(first + 5, 3),
  );
});

Deno.test({
  name: "a block goes around a port in use",
  ignore: !isUnix,
  fn: async () => {
    using store = new StackStore();
    const { first } = goodRun(10);
    await using _ = await Holder.of(first + 3, "bound", "127.0.0.1");
    const range = `--range=${first}-${first + 9}`;

    assertEquals(
      await store.ports([range, "--count=6", "block"]),
      run(first + 4, 6),
    );
    const { status, stderr } = await store.call([range, "--count=4", "other"]);
    assertEquals(status, 1);
    assertStringIncludes(stderr, "no 4 consecutive good ports are free");
    assertStringIncludes(stderr, "6 belong to other names");
  },
});

Deno.test("a block as long as the longest good range finds it, a longer one does not", async () => {
  using store = new StackStore();
  const longest = Math.max(
    ...[...availableGoodPorts().ranges()]
      .map(({ first, last }) => last - first + 1),
  );
  const ranges = [...availableGoodPorts().ranges()]
    .filter(({ first, last }) => last - first + 1 === longest);
  const [tooLong, fits] = [`--count=${longest + 1}`, `--count=${longest}`];
  // Somebody may use one of these ports now; then both calls say so.
  const range = `--range=${ranges.map(formatPortRange)[0]}`;

  const { status, stdout, stderr } = await store.call([tooLong, "big"]);
  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(
    stderr,
    `cannot find a port for "big": no ${longest + 1} consecutive good ports`,
  );
  assertStringIncludes(stderr, "(ask for fewer, or for several blocks)");
  const found = await store.call([fits, range, "big"]);
  if (found.status !== 0) {
    assertStringIncludes(found.stderr, "are in use");
  } else {
    assertEquals(found.stdout.trimEnd().split("\n").length, longest);
  }
});

Deno.test("a count that is none is status 2, and names the option", async () => {
  using store = new StackStore();
  for (const count of ["0", "-1", "1.5", "", "65536", "abc", "1e2", "3 "]) {
    const { status, stdout, stderr } = await store.call([
      `--count=${count}`,
      "web",
    ]);

    assertEquals([status, stdout], [2, ""], count);
    assertStringIncludes(stderr, `--count ${JSON.stringify(count)}`);
  }
  assertEquals(store.names(), []);
});

Deno.test("a block does not reach above port 65535", async () => {
  using store = new StackStore();
  const { status, stderr } = await store.call([
    "--port=65534",
    "--count=3",
    "web",
  ]);

  assertEquals(status, 2);
  assertStringIncludes(stderr, "--count");
  assertEquals(store.names(), []);
});
