import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type PortMap,
  type PortRange,
  type PortSet,
  portSet,
} from "../../main.ts";
import { networkTest as test, Store } from "../support/store.ts";

/** The good ports of this file's network. */
const GOOD = await goodPorts();

async function goodPorts(): Promise<PortSet> {
  using store = new Store();
  const map: PortMap = JSON.parse(await store.print("--map", "--json"));
  return portSet([...map.kinds.good.ranges]);
}

/** The runs of good ports, the shortest first. */
const RUNS: readonly PortRange[] = [...GOOD.ranges()]
  .sort((a, b) => (a.last - a.first) - (b.last - b.first));

/** The first of a run of at least twelve good ports, and of not many more. */
const { first: FIRST } = RUNS.find(({ first, last }) => last - first >= 11)!;

/** The numbers from `first`, `count` of them. */
function run(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}

test("a block is consecutive good ports, printed a line each, and stays", async () => {
  using store = new Store();
  const ports = await store.ports("--count=5", "render");

  assertEquals(ports, run(ports[0]!, 5));
  assert(ports.every((port) => GOOD.has(port)));
  for (
    const args of [["render"], ["--count=5", "render"], ["--get=render"]]
  ) {
    assertEquals(await store.ports(...args), ports);
  }
  assertStringIncludes(
    store.text,
    `render = { port = ${ports[0]}, count = 5 }\n`,
  );
});

Deno.test("a block is one association, wherever it is shown", async () => {
  using store = new Store(
    "[ports]\nrender = { port = 25100, count = 3 }\nweb = 24017\n",
  );

  assertEquals(
    await store.print("--json", "render", "web"),
    '{"render":[25100,25101,25102],"web":24017}\n',
  );
  assertEquals(await store.print("--env", "render"), "RENDER_PORT=25100\n");
  assertEquals(await store.print("--unbind", "render"), "");
  assertEquals(store.text, "[ports]\nweb = 24017\n");
});

Deno.test("--count gives each of several names a block; one of one is a port", async () => {
  using store = new Store();
  const ports = await store.ports("--count=2", "a", "b");

  assertEquals(new Set(ports).size, 4);
  assertEquals(await store.ports("a", "b"), [
    ...run(ports[0]!, 2),
    ...run(ports[2]!, 2),
  ]);
  const web = await store.print("--count=1", "web");
  assertStringIncludes(store.text, `web = ${web}`);
});

Deno.test("another count is refused with both, and the way out", async () => {
  const text = "[ports]\nrender = { port = 25100, count = 4 }\nweb = 24017\n";
  using store = new Store(text);
  for (
    const [name, count, has] of [
      ["render", "1", "25100-25103"],
      ["render", "5", "25100-25103"],
      ["web", "2", "24017"],
    ] as const
  ) {
    const parts = [`"${name}"`, `${count} port`, has, "--unbind"];
    await store.refuses([`--count=${count}`, name], 1, ...parts);
  }
  assertEquals(store.text, text);
});

test("blocks and single ports never overlap, down to the last port", async () => {
  using store = new Store();
  const range = `--range=${FIRST}-${FIRST + 11}`;
  const blocks = await store.ports(range, "--count=5", "a", "b");
  // Two are left.
  const singles = await store.ports(range, "c", "d");

  assertEquals([...blocks, ...singles].sort(), run(FIRST, 12));
  await store.refuses([range, "e"], 1, "12 belong to other names");
});

test("--port takes no port of a block, and no block a port of another name", async () => {
  const text = `[ports]\nblock = { port = ${FIRST + 2}, count = 3 }\nweb = ${
    FIRST + 8
  }\n`;
  using store = new Store(text);
  for (
    const [port, count, holder, taken] of [
      [FIRST + 2, 1, "block", FIRST + 2],
      [FIRST + 4, 1, "block", FIRST + 4],
      [FIRST, 3, "block", FIRST + 2],
      [FIRST + 1, 5, "block", FIRST + 2],
      [FIRST + 4, 4, "block", FIRST + 4],
      [FIRST + 5, 4, "web", FIRST + 8],
    ] as const
  ) {
    const args = [`--port=${port}`, `--count=${count}`, "new"];
    await store.refuses(args, 1, `${taken}`, `"${holder}"`);
  }
  assertEquals(store.text, text);
  const fits = [`--port=${FIRST + 5}`, "--count=3", "new"];
  assertEquals(await store.ports(...fits), run(FIRST + 5, 3));
});

test("a block goes around a port in use", async (network) => {
  using store = new Store();
  await network.hold({ port: FIRST + 3, how: "bound" });
  const range = `--range=${FIRST}-${FIRST + 9}`;

  const ports = await store.ports(range, "--count=6", "block");
  assertEquals(ports, run(FIRST + 4, 6));
  const other = [range, "--count=4", "other"];
  const parts = ["4 consecutive", "6 belong to other names"];
  await store.refuses(other, 1, ...parts);
});

test("a block as long as the longest good range finds it, a longer one does not", async () => {
  using store = new Store();
  const range = RUNS.at(-1)!;
  const longest = range.last - range.first + 1;

  const tooLong = [`--count=${longest + 1}`, "big"];
  await store.refuses(tooLong, 1, '"big"', `${longest + 1} consecutive`);
  const within = `--range=${range.first}-${range.last}`;
  const found = await store.ports(`--count=${longest}`, within, "big");
  assertEquals(found, run(range.first, longest));
});

Deno.test("a count that is none, or that reaches too high, is wrong", async () => {
  using store = new Store();
  for (const count of ["0", "-1", "1.5", "", "65536", "abc", "1e2", "3 "]) {
    const named = `--count ${JSON.stringify(count)}`;
    await store.refuses([`--count=${count}`, "web"], 2, named);
  }
  await store.refuses(["--port=65534", "--count=3", "web"], 2, "--count");
  assertEquals(store.names(), []);
});
