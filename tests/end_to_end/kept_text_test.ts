import { assertEquals } from "@std/assert";
import { Store } from "../support/store.ts";

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
    using store = new Store(text);
    const lines = linesOf(text);

    const port = await store.print("new");
    const entry = `new = ${port.trim()}`;
    assertEquals(linesOf(store.text), withEntry(lines, entry));
    await store.print("--unbind", "new");
    assertEquals(linesOf(store.text), lines);
    await store.print("--unbind", "web");
    assertEquals(
      linesOf(store.text),
      lines.filter((line) => !line.startsWith("web = 24017")),
    );
  });
}

Deno.test("a refused call leaves a store as it is, to the byte", async () => {
  using store = new Store(TIDY);
  const { ino } = Deno.statSync(store.storePath);
  await store.call("--port", "24017", "thief");
  await store.call("good", " bad ");
  await store.call("--unbind", "nobody");

  assertEquals(store.text, TIDY);
  assertEquals(Deno.statSync(store.storePath).ino, ino);
});

Deno.test("the ports in one inline table become lines, nothing is lost", async () => {
  using store = new Store(
    'ports = { web = 24017, "a b" = { port = 25000, note = "x" } } # mine\n' +
      "[site]\nowner = 1\n",
  );
  const port = await store.print("new");

  assertEquals(
    store.text.trimEnd().split("\n").map((line) => line.trim()),
    [
      "# mine",
      "[site]",
      "owner = 1",
      "",
      "[ports]",
      "web = 24017",
      '"a b" = { port = 25000, note = "x" }',
      `new = ${port.trim()}`,
    ],
  );
});
