import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portSet } from "../../main.ts";
import { portMap, read } from "../support/json.ts";
import { hasNetworks, Network } from "../support/network.ts";
import { hasTerminals, inTerminal } from "../support/looking_terminal.ts";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Every port is of just one of these. */
const EXCLUSIVE = [
  "good",
  "well known",
  "assigned",
  "ephemeral",
  "system",
  "left over",
] as const;

const NO_STORE = ["--store", "/nonexistent/ports.toml"];

/** The picture, its legend, and what stands between. */
function parts(stdout: string): { rows: string[]; scale: string } & {
  legend: Map<string, { mark: string; count: number }>;
} {
  const [picture = "", below = ""] = stdout.trimEnd().split("\n\n");
  const [scale = "", ...legend] = below.split("\n");
  return {
    rows: picture.split("\n"),
    scale,
    legend: new Map(legend.map((line) => {
      const [, mark, count, meaning] = /^ {2}(\S) +(\d+) {2}(.+)$/.exec(line)!;
      return [meaning!, { mark: mark!, count: Number(count) }] as const;
    })),
  };
}

/** The marks of all rows, without the ports at their beginnings. */
function marks(rows: readonly string[]): string {
  return rows.map((row) => row.slice(7)).join("");
}

Deno.test("the map fits in 80 columns, at every zoom, without colour", async () => {
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
    const { status, stdout } = await portFor([...NO_STORE, "--map", ...given]);
    assertEquals(status, 0);
    for (const line of stdout.split("\n")) {
      assert(line.length <= 80, line);
      assert(/^[ -~]*$/.test(line), line);
    }
    const picture = parts(stdout);
    assertEquals(picture.rows.length, rows, range);
    assertStringIncludes(picture.scale, `One mark is ${scale}: `);
    assertEquals(picture.legend.size, 8);
    // Marks of colour blind and colourless readers: no two alike.
    const looks = [...picture.legend.values()].map(({ mark }) => mark);
    assertEquals(new Set(looks).size, 8);
    for (const mark of marks(picture.rows)) assert(looks.includes(mark), mark);
  }
});

Deno.test({
  name: "the map has no more columns in a terminal, and says the same there",
  ignore: !hasTerminals || !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const args = [...NO_STORE, "--map"];
    const { stdout } = await network.portFor(args);
    for (const width of [80, 200]) {
      const terminal = await inTerminal(width, args, {
        prefix: network.prefix,
        env: { NO_COLOR: "1" },
      });
      assertEquals(terminal.stdout, stdout);
    }
  },
});

Deno.test({
  name: "a zoom to single ports shows what each of them is",
  ignore: !hasNetworks,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write(
      "ports.toml",
      "[ports]\nweb = 29175\nblock = { port = 29180, count = 3 }\n" +
        "over = { port = 29185, expires = 2020-01-01T00:00:00Z }\n",
    );
    await using network = await Network.of();
    const host = "127.0.0.1";
    await network.hold({ port: 29177, how: "listening", host });
    await network.hold({ port: 29181, how: "listening", host });
    // The map is of TCP.
    await network.hold({ port: 29178, how: "udp", host });
    const { stdout } = await network.portFor([
      ...["--store", store, "--map", "--range", "29165-29188"],
    ]);
    const { rows, legend } = parts(stdout);

    assertEquals(rows, ["29165  ..:::...oo@o!oo@!@oooooo"]);
    assertEquals(
      [...legend].map(([meaning, { mark, count }]) =>
        `${mark} ${count} ${meaning}`
      ),
      [
        "! 2 in use now",
        "@ 4 associated",
        "o 16 good",
        "w 0 well known",
        ": 3 assigned by IANA",
        "~ 0 ephemeral",
        "s 0 system ports",
        ". 5 too close to others, or dynamic",
      ],
    );
  },
});

Deno.test({
  name: "the ephemeral range on the map is the one that the network has now",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of(
      "cd /proc/sys/net/ipv4; echo 29520 29600 > ip_local_port_range; " +
        "echo 29540-29549 > ip_local_reserved_ports",
    );
    const args = [...NO_STORE, "--map", "--range", "29510-29560"];
    const { stdout } = await network.portFor(args);
    // What the kernel is told to leave alone is as good as any other port, if
    // there is enough of it.
    assertEquals(
      marks(parts(stdout).rows),
      [
        ...["ooooooo", "...", "~".repeat(20), ".".repeat(10), "~".repeat(11)],
      ].join(""),
    );
  },
});

Deno.test("the kinds of the map cover its range exactly once, and add up", async () => {
  for (
    const [range, first, last] of [
      [undefined, 0, 65535],
      ["29500", 29500, 29500],
      ["4000-4200", 4000, 4200],
      ["1000-50000", 1000, 50000],
      ["49152-65535", 49152, 65535],
    ] as const
  ) {
    const given = range === undefined ? [] : ["--range", range];
    const { status, stdout } = await portFor([
      ...[...NO_STORE, "--map", "--json", ...given],
    ]);
    const map = read(portMap, stdout);
    assertEquals([status, map.range], [0, { first, last }]);
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

Deno.test("the picture's legend counts what the JSON counts", async () => {
  using temp = new TempFolder();
  const store = temp.write(
    "ports.toml",
    "[ports]\nweb = 29175\nblock = { port = 29180, count = 3 }\n",
  );
  // Nobody's services are between these.
  const args = ["--store", store, "--map", "--range", "29100-29300"];
  const { legend } = parts((await portFor(args)).stdout);
  const { kinds } = read(
    portMap,
    (await portFor([...args, "--json"])).stdout,
  );
  const meanings = {
    "associated": "associated",
    "good": "good",
    "well known": "well known",
    "assigned": "assigned by IANA",
    "ephemeral": "ephemeral",
    "system": "system ports",
    "left over": "too close to others, or dynamic",
  } as const;
  for (const [kind, meaning] of Object.entries(meanings)) {
    const { count } = kinds[kind as keyof typeof meanings];
    assertEquals(legend.get(meaning)?.count, count, kind);
  }
  assertEquals(kinds.associated.ranges, [
    { first: 29175, last: 29175 },
    { first: 29180, last: 29182 },
  ]);
});

Deno.test({
  name: "the good ports of the map are those of the library",
  ignore: !hasNetworks,
  fn: async () => {
    // A new network has the usual ephemeral range, whatever this machine has.
    await using network = await Network.of();
    const { stdout } = await network.portFor([...NO_STORE, "--map", "--json"]);
    const { kinds } = read(portMap, stdout);
    const { goodPortsOf, availableOutside } = await import(
      "../../lib/ports/policy.ts"
    );
    const ephemeral = { first: 32768, last: 60999 };
    const good = goodPortsOf(availableOutside([ephemeral]));
    assertEquals(kinds.good.ranges, [...good.ranges()]);
    assertEquals(kinds.system.ranges, [{ first: 0, last: 1023 }]);
    const handedOut = kinds.ephemeral.ranges.map(({ first, last }) =>
      `${first}-${last}`
    );
    const all = portSet(`${ephemeral.first}-${ephemeral.last}`);
    assert(all.hasAll(portSet(handedOut)));
  },
});

Deno.test({
  name: "who listens is on the map, be it IPv4, IPv6 or an outgoing connection",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    await network.hold({ port: 29501, how: "listening", host: "127.0.0.5" });
    await network.hold({ port: 29502, how: "listening", host: "::1" });
    await network.hold({ port: 29503, how: "connected", host: "127.0.0.1" });
    const { stdout } = await network.portFor([
      ...[...NO_STORE, "--map", "--json", "--range", "29490-29510"],
    ]);
    assertEquals(read(portMap, stdout).kinds["in use"], {
      count: 3,
      ranges: [{ first: 29501, last: 29503 }],
    });
  },
});

Deno.test("a range that is none is a wrong command line", async () => {
  for (const range of ["0-10", "9-5", "1-65536", "http"]) {
    const { status, stdout } = await portFor(["--map", "--range", range]);
    assertEquals([status, stdout], [2, ""], range);
  }
});
