import { assertEquals } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** A store that a person keeps tidy, with all that TOML allows around it. */
const TIDY = `\
# Ports of this machine. Ask Ops before you change one!

version = 1

[site]
owner = "Ops"   # not port-for's
notice = """
[ports]
web = 1
"""
paths = [
  "/srv",   # with a ] in the comment
]

[ports]
# the shop
web = 24017   # ask before you touch it

"example.com/api" = 21553
'quoted' = 22222
[after]
ports = "not a table"
`;

const VARIANTS: readonly (readonly [what: string, text: string])[] = [
  ["line feeds", TIDY],
  ["CRLF line ends", TIDY.replaceAll("\n", "\r\n")],
  ["no newline at the end", TIDY.trimEnd()],
  ["a byte order mark", `\ufeff${TIDY}`],
  [
    "[ports] last and no newline at the end",
    TIDY.slice(0, TIDY.indexOf("\n[after]")),
  ],
];

/** The lines of a text, their ends included; an open end is closed. */
function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/).map((line) => line.replace(/(?<!\n)$/, "\n"));
}

/** The lines with one more behind the last entry of [ports]. */
function withEntry(lines: readonly string[], entry: string): string[] {
  const last = lines.findLastIndex((line) => line.startsWith("'quoted'"));
  const end = lines[0]!.endsWith("\r\n") ? "\r\n" : "\n";
  return lines.toSpliced(last + 1, 0, entry + end);
}

for (const [what, text] of VARIANTS) {
  Deno.test(`associating and unbinding change one line of a store with ${what}`, async () => {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", text);
    const store = ["--store", path];

    const { stdout } = await portFor([...store, "new"]);
    assertEquals(
      linesOf(temp.read("ports.toml")),
      withEntry(linesOf(text), `new = ${stdout.trim()}`),
    );

    await portFor([...store, "--unbind", "new"]);
    assertEquals(linesOf(temp.read("ports.toml")), linesOf(text));

    await portFor([...store, "--unbind", "web"]);
    assertEquals(
      linesOf(temp.read("ports.toml")),
      linesOf(text).filter((line) => !line.startsWith("web = 24017")),
    );
  });
}

Deno.test("a refused call leaves a store as it is, to the byte", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", TIDY);
  const before = Deno.statSync(path);

  await portFor(["--store", path, "--port", "24017", "thief"]);
  await portFor(["--store", path, "good", " bad "]);
  await portFor(["--store", path, "--unbind", "nobody"]);

  assertEquals(temp.read("ports.toml"), TIDY);
  assertEquals(Deno.statSync(path).ino, before.ino);
});

Deno.test("several names are all or nothing", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nbad = 70000\n");

  const { status, stdout } = await portFor(["--store", path, "good", "bad"]);

  assertEquals([status, stdout], [1, ""]);
  assertEquals(temp.read("ports.toml"), "[ports]\nbad = 70000\n");
});

Deno.test("the ports in one inline table become lines, nothing is lost", async () => {
  using temp = new TempFolder();
  const path = temp.write(
    "ports.toml",
    'ports = { web = 24017, "a b" = { port = 25000, note = "x" } } # mine\n' +
      "[site]\nowner = 1\n",
  );

  const { stdout } = await portFor(["--store", path, "new"]);

  assertEquals(
    linesOf(temp.read("ports.toml")).map((line) => line.trim()),
    [
      "# mine",
      "[site]",
      "owner = 1",
      "",
      "[ports]",
      "web = 24017",
      '"a b" = { port = 25000, note = "x" }',
      `new = ${stdout.trim()}`,
    ],
  );
});

Deno.test("a new store says what it is", async () => {
  using temp = new TempFolder();

  const { stdout } = await portFor(["--store", temp.file("new.toml"), "web"]);

  assertEquals(
    temp.read("new.toml"),
    "# port-for: which name holds which port on this machine\n" +
      `version = 1\n\n[ports]\nweb = ${stdout.trim()}\n`,
  );
});
