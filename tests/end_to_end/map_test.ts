import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type PortMap, portSet } from "../../main.ts";
import { availableOutside, goodPortsOf } from "../../lib/ports/policy.ts";
import { Network } from "../support/network.ts";
import { LONG_AGO, networkTest as test, Store } from "../support/store.ts";
import { hasTerminal, inTerminal } from "../support/terminal.ts";

/** Every port is of just one of these. */
const EXCLUSIVE = [
  "good",
  "well known",
  "assigned",
  "claimed",
  "ephemeral",
  "system",
  "left over",
] as const;

/** The picture, its legend, and what stands between. */
function parts(stdout: string): { rows: string[]; scale: string } & {
  legend: Map<string, { mark: string; count: number }>;
} {
  const [picture = "", below = ""] = stdout.trimEnd().split("\n\n");
  const [scale = "", ...legend] = below.split("\n");
  return {
    // The first line is a ruler.
    rows: picture.split("\n").slice(1),
    scale,
    // The line with the total has no mark.
    legend: new Map(legend.flatMap((line) => {
      const [, mark, count, meaning] = /^ {2}(\S) +(\d+) {2}(.+)$/.exec(line) ??
        [];
      return mark ? [[meaning!, { mark, count: Number(count) }] as const] : [];
    })),
  };
}

/** The marks of all rows, without the ports at their beginnings. */
function marks(rows: readonly string[]): string {
  return rows.map((row) => row.slice(7)).join("");
}

/** The map of a range, as JSON has it. */
async function mapOf(store: Store, range?: string): Promise<PortMap> {
  const given = range === undefined ? [] : ["--range", range];
  return JSON.parse(await store.print("--map", "--json", ...given));
}

Deno.test("the map fits in 80 columns, at every zoom, without colour", async () => {
  using store = new Store();
  for (
    const [range, rows, scale] of [
      [undefined, 16, "64 ports of 0-65535"],
      ["29500", 1, "1 port of 29500"],
      ["29450-29549", 2, "1 port of 29450-29549"],
      ["1-65535", 16, "64 ports of 1-65535"],
      ["49152-65535", 16, "16 ports of 49152-65535"],
      ["65535-65535", 1, "1 port of 65535"],
    ] as const
  ) {
    const given = range === undefined ? [] : ["--range", range];
    const stdout = await store.print("--map", ...given);
    for (const line of stdout.split("\n")) {
      assert(line.length <= 80, line);
      assert(/^[ -~]*$/.test(line), line);
    }
    const picture = parts(stdout);
    assertEquals(picture.rows.length, rows, range);
    assertStringIncludes(picture.scale, scale);
    // Marks of colour blind and colourless readers: no two alike.
    const looks = [...picture.legend.values()].map(({ mark }) => mark);
    assertEquals(new Set(looks).size, EXCLUSIVE.length + 2);
    for (const mark of marks(picture.rows)) assert(looks.includes(mark), mark);
  }
});

test(
  "the map takes the width of a terminal, and says the same there",
  async (network) => {
    using store = new Store();
    const { legend } = parts(await store.print("--map"));
    for (const [width, cells] of [[60, 32], [80, 64], [200, 128]] as const) {
      const args = ["--map", "--store", store.storePath];
      const terminal = await inTerminal(width, args, {
        prefix: network.prefix,
        env: { NO_COLOR: "1" },
      });
      const picture = parts(terminal.stdout);
      assertEquals(picture.rows[0]!.trim().split(/ +/)[1]!.length, cells);
      assertEquals(picture.legend, legend);
    }
  },
  hasTerminal,
);

test("a zoom to single ports shows what each of them is", async (network) => {
  using store = new Store(`[ports]
web = 29175
block = { port = 29180, count = 3 }
over = { port = 29185, expires = ${LONG_AGO} }
`);
  await network.hold({ port: 29177, how: "listening" });
  await network.hold({ port: 29181, how: "listening" });
  // The map is of TCP.
  await network.hold({ port: 29178, how: "udp" });
  const stdout = await store.print("--map", "--range", "29165-29188");
  const { rows, legend } = parts(stdout);

  assertEquals(rows, ["29165  ..:::...oo@o!oo@@@oooooo"]);
  assertEquals(
    [...legend.values()].map(({ mark, count }) => `${mark} ${count}`),
    ["o 16", "w 0", ": 3", "c 0", "~ 0", "s 0", ". 5", "@ 4", "! 2"],
  );
  // The legend counts what the JSON counts.
  const { kinds } = await mapOf(store, "29165-29188");
  assertEquals(
    Object.values(kinds).map(({ count }) => count).sort(),
    [...legend.values()].map(({ count }) => count).sort(),
  );
  assertEquals(kinds.associated.ranges, [
    { first: 29175, last: 29175 },
    { first: 29180, last: 29182 },
  ]);
});

test("the ephemeral range of the map is that of the kernel", async () => {
  await using network = await Network.of(
    "cd /proc/sys/net/ipv4; echo 29520 29600 > ip_local_port_range; " +
      "echo 29540-29549 > ip_local_reserved_ports",
  );
  using store = new Store();
  store.network = network;
  const stdout = await store.print("--map", "--range", "29510-29560");

  // What the kernel is told to leave alone is somebody's.
  assertEquals(
    marks(parts(stdout).rows),
    ["ooooooo", "...", "~".repeat(20), "c".repeat(10), "~".repeat(11)].join(
      "",
    ),
  );
});

Deno.test("the kinds of the map cover its range exactly once, and add up", async () => {
  using store = new Store();
  for (
    const [range, first, last] of [
      [undefined, 0, 65535],
      ["29500", 29500, 29500],
      ["4000-4200", 4000, 4200],
      ["1000-50000", 1000, 50000],
    ] as const
  ) {
    const map = await mapOf(store, range);
    assertEquals(map.range, { first, last });
    for (const { count, ranges } of Object.values(map.kinds)) {
      const sizes = ranges.map(({ first, last }) => last - first + 1);
      assertEquals(count, sizes.reduce((sum, size) => sum + size, 0));
      assert(sizes.every((size) => size > 0));
    }
    const covered = EXCLUSIVE
      .flatMap((kind) => map.kinds[kind].ranges)
      .sort((a, b) => a.first - b.first);
    let next: number = first;
    for (const range of covered) {
      assertEquals(range.first, next);
      next = range.last + 1;
    }
    assertEquals(next, last + 1);
  }
});

test("the good ports of the map are those of the library", async () => {
  using store = new Store();
  const { kinds } = await mapOf(store);
  // A new network has the usual ephemeral range, whatever this machine has.
  const ephemeral = { first: 32768, last: 60999 };
  const good = goodPortsOf(availableOutside([ephemeral]));

  assertEquals(kinds.good.ranges, [...good.ranges()]);
  assertEquals(kinds.system.ranges, [{ first: 0, last: 1023 }]);
  assert(portSet(ephemeral).hasAll(portSet([...kinds.ephemeral.ranges])));
});

test("who listens is on the map, be it IPv4, IPv6 or an outgoing connection", async (network) => {
  using store = new Store();
  await network.hold({ port: 29501, how: "listening", host: "127.0.0.5" });
  await network.hold({ port: 29502, how: "listening", host: "::1" });
  await network.hold({ port: 29503, how: "connected" });

  assertEquals((await mapOf(store, "29490-29510")).kinds["in use"], {
    count: 3,
    ranges: [{ first: 29501, last: 29503 }],
  });
});

Deno.test("a range that is none is a wrong command line", async () => {
  using store = new Store();
  for (const range of ["0-10", "9-5", "1-65536", "http"]) {
    await store.refuses(["--map", "--range", range], 2, "--range");
  }
});
