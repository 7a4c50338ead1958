import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { read, statuses } from "../support/json.ts";
import { hasNetworks, Network } from "../support/network.ts";
import { hasTerminals, inTerminal } from "../support/looking_terminal.ts";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const LONG_NAME = `shop/${"a-very-long-branch-name/".repeat(6)}end`;

/**
 * Ports above the kernel's ephemeral range, where other tests and processes of
 * this machine hold none by accident.
 */
const STORE = `[ports]
web = 61501
"${LONG_NAME}" = 61502
"\u4e2d\u6587\u540d\u5b57" = 61503
"\u{1f600} party" = 61504
"e\u0301te\u0301" = 61505
`;

/** How many columns a terminal gives to what these tests write in it. */
function columns(text: string): number {
  return text
    .replaceAll("\u0301", "")
    .replaceAll(/[\u4e2d\u6587\u540d\u5b57\u{1f600}]/gu, "..")
    .length;
}

/** The column in which each line's port begins. */
function portColumns(lines: readonly string[]): Set<number> {
  return new Set(
    lines.map((line) => columns(line.slice(0, line.search(/6150\d/)))),
  );
}

/** The cells of the table, line by line. */
function cells(table: string): string[][] {
  return table.trimEnd().split("\n").map((line) => line.split(/\s{2,}/));
}

const HEADING = ["NAME", "PORT", "STATE"];

const ESCAPE = "\u001b";

/** What begins a colour. */
const COLOUR = new RegExp(`${ESCAPE}\\[\\d+m`);

Deno.test("the table has a line a name, in order, port under port", async () => {
  using temp = new TempFolder();
  const store = temp.write("ports.toml", STORE);
  const { status, stdout, stderr } = await portFor([
    ...["--status", "--store", store],
  ]);
  const [heading, ...lines] = stdout.trimEnd().split("\n");

  assertEquals([status, stderr], [0, ""]);
  assertEquals(cells(heading!), [HEADING]);
  assertEquals(lines.map((line) => line.match(/6150\d/)?.[0]), [
    "61501",
    "61502",
    "61503",
    "61504",
    "61505",
  ]);
  // Nobody's terminal: nothing is cut, and nothing is in colour.
  assert(lines[1]!.startsWith(`${LONG_NAME}  61502  free`), lines[1]);
  assertEquals([...portColumns(lines)], [LONG_NAME.length + 2]);
  assertEquals(heading!.indexOf("PORT") + 4, LONG_NAME.length + 7);
  assert(!stdout.includes(ESCAPE));
});

Deno.test({
  name: "in a terminal names are cut, so that each line fits in its width",
  ignore: !hasTerminals,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", STORE);
    for (const width of [80, 40]) {
      const { stdout } = await inTerminal(
        width,
        ["--status", "--store", store],
        { env: { NO_COLOR: "1" } },
      );
      const [, ...lines] = stdout.trimEnd().split("\n");
      for (const line of lines) assert(columns(line) <= width, line);
      assertEquals(portColumns(lines).size, 1, stdout);
      // Cut, and to the very end of the line.
      assertEquals(columns(lines[1]!), width - "STATE".length + "free".length);
      assertStringIncludes(lines[1]!, "\u2026  61502");
      assertStringIncludes(lines[0]!, "web  ");
    }
  },
});

Deno.test({
  name: "a terminal wider than the table gets the table alone",
  ignore: !hasTerminals,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "[ports]\nweb = 61501\n");
    const { stdout } = await inTerminal(
      200,
      ["--status", "--store", store],
      { env: { NO_COLOR: "1" } },
    );
    assertEquals(cells(stdout), [HEADING, ["web", "61501", "free"]]);
    assert(!stdout.includes(" \n"), stdout);
  },
});

Deno.test({
  name: "there is colour on a terminal, but never with NO_COLOR",
  ignore: !hasTerminals,
  fn: async () => {
    using temp = new TempFolder();
    const store = [
      "--store",
      temp.write(
        "ports.toml",
        "[ports]\nover = { port = 61501, expires = 2020-01-01T00:00:00Z }\n",
      ),
    ];
    const answers = [["--status"], ["--check"], ["--explain=80"], [
      "--map",
      "--range=1-64",
    ]];
    for (const answer of answers) {
      const args = [...answer, ...store];
      const coloured = await inTerminal(80, args);
      assertStringIncludes(coloured.stdout, `${ESCAPE}[`);
      const plain = await inTerminal(80, args, { env: { NO_COLOR: "1" } });
      assert(!plain.stdout.includes(ESCAPE), plain.stdout);
      // Each colour ends where it began.
      const uncoloured = coloured.stdout
        .split(`${ESCAPE}[0m`)
        .map((text) => text.replace(COLOUR, ""))
        .join("");
      assertEquals(uncoloured, plain.stdout);
      assertEquals(coloured.status, plain.status);
    }
  },
});

Deno.test("an empty store has an empty table", async () => {
  using temp = new TempFolder();
  const path = temp.file("ports.toml");
  for (const text of [undefined, "", "[ports]\n"]) {
    if (text !== undefined) temp.write("ports.toml", text);
    const { status, stdout } = await portFor(["--status", "--store", path]);
    assertEquals([status, cells(stdout)], [0, [HEADING]]);
    const json = await portFor(["--status", "--json", "--store", path]);
    assertEquals(read(statuses, json.stdout), []);
  }
  assertEquals(temp.names(), ["ports.toml"]);
});

Deno.test("leases that are over are shown as such, and others with their end", async () => {
  using temp = new TempFolder();
  const store = temp.write(
    "ports.toml",
    `[ports]
over = { port = 61501, expires = 2020-01-01T00:00:00Z }
leased = { port = 61502, expires = 2999-12-31T23:59:00Z }
block = { port = 61510, count = 4 }
`,
  );
  const { stdout } = await portFor(["--status", "--store", store]);
  assertEquals(cells(stdout), [
    HEADING,
    ["over", "61501", "expired 2020-01-01 00:00Z"],
    ["leased", "61502", "free, expires 2999-12-31 23:59Z"],
    ["block", "61510-61513", "free"],
  ]);
  const json = await portFor(["--status", "--json", "--store", store]);
  assertEquals(
    read(statuses, json.stdout).map((
      { name, count, state, expires },
    ) => [name, count, state, expires]),
    [
      ["over", 1, "expired", "2020-01-01T00:00:00.000Z"],
      ["leased", 1, "free", "2999-12-31T23:59:00.000Z"],
      ["block", 4, "free", undefined],
    ],
  );
});

Deno.test({
  name: "whoever holds a port of a name is named, in a block too",
  ignore: !hasNetworks,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write(
      "ports.toml",
      "[ports]\nweb = 29500\nblock = { port = 29510, count = 4 }\n" +
        "udp = 29520\nidle = 29530\n",
    );
    await using network = await Network.of();
    const host = "127.0.0.1";
    const [web, block] = [
      await network.hold({ port: 29500, how: "listening", host, name: "w" }),
      await network.hold({ port: 29511, how: "listening", host, name: "b c" }),
    ];
    await network.hold({ port: 29520, how: "udp", host });
    const { stdout } = await network.portFor(["--status", "--store", store]);
    assertEquals(cells(stdout), [
      HEADING,
      ["web", "29500", `in use by w (pid ${web})`],
      ["block", "29510-29513", `in use by b c (pid ${block})`],
      ["udp", "29520", "free"],
      ["idle", "29530", "free"],
    ]);
    const json = await network.portFor([
      ...["--status", "--json", "--store", store],
    ]);
    const seen = read(statuses, json.stdout);
    assertEquals(
      seen.map(({ state, holders }) => [
        state,
        ...holders.map(({ port, transport }) => `${port} ${transport}`),
      ]),
      [
        ["in use", "29500 tcp"],
        ["in use", "29511 tcp"],
        ["free", "29520 udp"],
        ["free"],
      ],
    );
  },
});
