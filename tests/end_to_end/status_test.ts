import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { AssociationStatus } from "../../main.ts";
import { LONG_AGO, networkTest as test, Store } from "../support/store.ts";
import { hasTerminal, inTerminal } from "../support/terminal.ts";

const LONG_NAME = `shop/${"a-very-long-branch-name/".repeat(6)}end`;

const STORE = `[ports]
web = 29501
"${LONG_NAME}" = 29502
"\u4e2d\u6587\u540d\u5b57" = 29503
"\u{1f600} party" = 29504
"e\u0301te\u0301" = 29505
`;

/** How many columns a terminal gives to what these tests write in it. */
function columns(text: string): number {
  return text
    .replaceAll("\u0301", "")
    .replaceAll(/[\u4e2d\u6587\u540d\u5b57\u{1f600}]/gu, "..")
    .length;
}

/** The columns in which the lines' ports begin. */
function portColumns(lines: readonly string[]): number[] {
  const all = lines.map((line) =>
    columns(line.slice(0, line.search(/2950\d/)))
  );
  return [...new Set(all)];
}

/** The lines of the table, without the one below it that names the store. */
function linesOf(printed: string): string[] {
  const lines = printed.trimEnd().split("\n");
  assertMatch(lines.pop()!, /^store: \/.*\/ports\.toml$/);
  return lines;
}

/** The cells of the table, line by line. */
function cells(printed: string): string[][] {
  return linesOf(printed).map((line) => line.split(/\s{2,}/));
}

const HEADING = ["NAME", "PORT", "STATE"];

const ESCAPE = "\u001b";

test("the table has a line a name, in order, port under port", async () => {
  using store = new Store(STORE);
  const table = await store.print("--status");
  const [heading, ...lines] = linesOf(table);

  assertEquals(heading!.split(/\s{2,}/), HEADING);
  assertEquals(
    lines.map((line) => line.match(/2950\d/)?.[0]),
    ["29501", "29502", "29503", "29504", "29505"],
  );
  // Nobody's terminal: nothing is cut, and nothing is in colour.
  assert(lines[1]!.startsWith(`${LONG_NAME}  29502  free`), lines[1]);
  assertEquals(portColumns(lines), [LONG_NAME.length + 2]);
  assertEquals(heading!.indexOf("PORT") + 4, LONG_NAME.length + 7);
  assert(!table.includes(ESCAPE));
});

/** Runs the program on a store in a terminal, without colour unless asked. */
function inTerminalOf(
  store: Store,
  width: number,
  args: readonly string[],
  colour = false,
) {
  return inTerminal(width, ["--store", store.storePath, ...args], {
    prefix: store.network!.prefix,
    env: colour ? {} : { NO_COLOR: "1" },
  });
}

test(
  "in a terminal names are cut, so that each line fits in its width",
  async () => {
    using store = new Store(STORE);
    for (const width of [80, 40]) {
      const { stdout } = await inTerminalOf(store, width, ["--status"]);
      const [, ...lines] = linesOf(stdout);
      for (const line of lines) assert(columns(line) <= width, line);
      assertEquals(portColumns(lines).length, 1, stdout);
      // Cut, and to the very end of the line.
      assertEquals(columns(lines[1]!), width - "STATE".length + "free".length);
      assertStringIncludes(lines[1]!, "\u2026  29502");
      assertStringIncludes(lines[0]!, "web  ");
    }
    // One that does not say how wide it is has names in full.
    const { stdout } = await inTerminalOf(store, 0, ["--status"]);
    assertStringIncludes(stdout, LONG_NAME);

    using small = new Store("[ports]\nweb = 29501\n");
    const wide = await inTerminalOf(small, 200, ["--status"]);
    assertEquals(cells(wide.stdout), [HEADING, ["web", "29501", "free"]]);
    assert(!wide.stdout.includes(" \n"), wide.stdout);
  },
  hasTerminal,
);

test(
  "there is colour on a terminal, but never with NO_COLOR",
  async () => {
    using store = new Store(
      `[ports]\nover = { port = 29501, expires = ${LONG_AGO} }\n`,
    );
    for (
      const args of [["--status"], ["--check"], ["--explain=80"], [
        "--map",
        "--range=1-64",
      ]]
    ) {
      const coloured = await inTerminalOf(store, 80, args, true);
      assertStringIncludes(coloured.stdout, `${ESCAPE}[`);
      const plain = await inTerminalOf(store, 80, args);
      assert(!plain.stdout.includes(ESCAPE), plain.stdout);
      // Each colour ends where it began.
      const uncoloured = coloured.stdout
        .split(`${ESCAPE}[0m`)
        .map((text) => text.replace(new RegExp(`${ESCAPE}\\[[\\d;]+m`), ""))
        .join("");
      assertEquals(uncoloured, plain.stdout);
      assertEquals(coloured.status, plain.status);
    }
  },
  hasTerminal,
);

Deno.test("an empty store has no table, but says what to do next", async () => {
  for (const text of [undefined, "[ports]\n"]) {
    using store = new Store(text);
    const { status, stdout, stderr } = await store.call("--status");
    assertEquals([status, stdout], [0, ""]);
    assertStringIncludes(stderr, `no name has a port in ${store.storePath}`);
    assertEquals(await store.print("--status", "--json"), "[]\n");
    assertEquals(store.names(), text === undefined ? [] : ["ports.toml"]);
  }
});

test("whoever holds a port of a name is named, and leases have their end", async (network) => {
  using store = new Store(`[ports]
web = 29500
block = { port = 29510, count = 4 }
udp = 29520
idle = 29530
over = { port = 29540, expires = 2020-01-01T00:00:00+01:00 }
leased = { port = 29550, expires = 2999-12-31T23:59:00Z }
`);
  const [web, block] = [
    await network.hold({ port: 29500, how: "listening", name: "w" }),
    await network.hold({ port: 29511, how: "listening", name: "b c" }),
  ];
  await network.hold({ port: 29520, how: "udp" });

  assertEquals(cells(await store.print("--status")), [
    HEADING,
    ["web", "29500", `in use by w (pid ${web})`],
    ["block", "29510-29513", `in use by b c (pid ${block})`],
    ["udp", "29520", "free"],
    ["idle", "29530", "free"],
    // In UTC, as it says, wherever it was written.
    ["over", "29540", "expired 2019-12-31 23:00Z"],
    ["leased", "29550", "free, expires 2999-12-31 23:59Z"],
  ]);
  const json = await store.print("--status", "--json");
  assertEquals(
    (JSON.parse(json) as AssociationStatus[]).map(
      ({ count, state, expires = "", holders }) =>
        [count, state, expires].concat(
          holders.map(({ port, transport }) => `${port} ${transport}`),
        ),
    ),
    [
      [1, "in use", "", "29500 tcp"],
      [4, "in use", "", "29511 tcp"],
      [1, "free", "", "29520 udp"],
      [1, "free", ""],
      [1, "expired", "2019-12-31T23:00:00.000Z"],
      [1, "free", "2999-12-31T23:59:00.000Z"],
    ],
  );
});
