import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertRefused, Store } from "../support/store.ts";
import type { Outcome } from "../support/program.ts";

/** How long a call may take, whatever it has to read. */
const LONGEST_MS = 3000;

/** A call that ends soon. */
async function soon(
  store: Store,
  ...args: readonly string[]
): Promise<Outcome> {
  const start = performance.now();
  const outcome = await store.call(...args);
  const took = performance.now() - start;
  assert(took < LONGEST_MS, `${args} took ${took} ms`);
  return outcome;
}

/** Calls that look a name up, add one and take one away. */
const CALLS = [["web"], ["new"], ["--unbind=web"]];

const HEAD = "[ports]\nweb = 24017\n";
const GIBIBYTE = 1024 ** 3;

Deno.test("a store that is far too large is refused at once, and left alone", async () => {
  for (
    const [size, content] of [
      [17 * 1024 * 1024, `${HEAD}# ${"x".repeat(17 * 1024 * 1024)}\n`],
      // A hole of that size takes no room on the disk.
      [2 * GIBIBYTE + 100, HEAD],
    ] as const
  ) {
    using store = new Store(content);
    if (content === HEAD) Deno.truncateSync(store.storePath, size);
    const before = Deno.statSync(store.storePath);
    for (const args of CALLS) {
      assertRefused(await soon(store, ...args), 1, "MiB", "more than the 16");
    }
    const after = Deno.statSync(store.storePath);
    assertEquals([after.ino, after.size], [before.ino, before.size]);
  }
});

Deno.test("no length of a line, and no number of lines, is slow", async () => {
  const blanks = " ".repeat(300_000);
  for (
    const text of [
      `[ports]\nweb = 24017${blanks}\n`,
      `[ports]\n${blanks}web = 24017\nx = { port = 24020${blanks} }${blanks}#\n`,
      `${HEAD}${"\n".repeat(300_000)}`,
      `${HEAD}#${"\t#".repeat(300_000)}\n`,
      `title = "${"a\\\\".repeat(100_000)}"\n${HEAD}`,
    ]
  ) {
    using store = new Store(text);
    for (const args of CALLS) {
      const { status, stderr } = await soon(store, ...args);
      assertEquals([status, stderr], [0, ""], `${args}`);
    }
    // What was there is there still, but for the entry of web.
    assert(Math.abs(store.text.length - text.length) < blanks.length + 100);
  }
});

Deno.test("days and years that are none are refused, with their line", async () => {
  for (
    const day of ["2099-02-30", "2100-02-29", "2099-04-31", "10000-01-01"]
  ) {
    const lease = `{ port = 24017, expires = ${day}T00:00:00Z }`;
    using store = new Store(`[ports]\nold = 24015\nweb = ${lease}\n`);
    const before = store.text;
    for (const args of CALLS) {
      const outcome = await store.call(...args);
      assertRefused(outcome, 1, "line 3", "fix it by hand");
    }
    assertEquals(store.text, before);
  }
});

/** A text in an encoding that is not UTF-8. */
function encoded(text: string, encoding: string): Uint8Array {
  if (encoding === "Latin-1") {
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  }
  const units = Uint16Array.from(`\ufeff${text}`, (unit) => unit.charCodeAt(0));
  return new Uint8Array(units.buffer);
}

Deno.test("a store or an import in another encoding is told as that", async () => {
  for (const encoding of ["UTF-16", "Latin-1"]) {
    using store = new Store();
    const text = '[ports]\nweb = 24017\n"caf\xe9" = 24018\n';
    Deno.writeFileSync(store.storePath, encoded(text, encoding));
    const before = Deno.readFileSync(store.storePath);
    for (const args of CALLS) {
      assertRefused(await store.call(...args), 1, "not UTF-8", "line ");
    }
    assertEquals(Deno.readFileSync(store.storePath), before);

    const conf = store.write(
      "conf",
      encoded("[DEFAULT]\ncaf\xe9 = 1\n", encoding),
    );
    const args = [`--store=${store.file("new.toml")}`, `--import=${conf}`];
    assertRefused(await store.call(...args), 1, "not UTF-8", conf);
    assertEquals(store.names().includes("new.toml"), false);
  }
});

Deno.test("20,000 names are imported at once, and looked up", async () => {
  using store = new Store();
  const names = Array.from({ length: 20_000 }, (_, at) => `name${at}`);
  const entries = names.map((name, at) => `${name} = ${1024 + at}\n`).join("");
  const conf = store.write("conf", `[DEFAULT]\n${entries}`);

  const { status, stderr } = await soon(store, `--import=${conf}`);
  assertEquals([status, stderr], [0, ""]);
  assertEquals((await soon(store, "name19999")).stdout, "21023\n");
  assertEquals((await soon(store, "new")).status, 0);
});

Deno.test("no import is slow, whatever its text is made for", async () => {
  const blanks = " ".repeat(300_000);
  const chain = (count: number) =>
    Array.from({ length: count }, (_, at) => `k${at} = %(k${at + 1})s\n`);
  for (
    const [text, sound] of [
      [`web${blanks}: 24017\n${blanks}\nb:${blanks}24018\n`, true],
      [`web: 24017${"\n ".repeat(200_000)}\n`, true],
      [`${chain(8).join("")}k8 = 24017\n`, false],
      [`${chain(5000).join("")}k5000 = 24017\n`, false],
      // Twice as long with each line, if all of it were put in.
      [
        Array.from(
          { length: 60 },
          (_, at) => `a${at + 1} = %(a${at})s%(a${at})s\n`,
        )
          .join("") + "a0 = 1\n",
        false,
      ],
      [`a = 24017\nb = ${"%(a)s".repeat(200_000)}\n`, false],
      ["x".repeat(3_000_000) + "\n" + "=".repeat(200_000), false],
    ] as const
  ) {
    using store = new Store();
    const conf = store.write("conf", `[DEFAULT]\n${text}`);
    const outcome = await soon(store, `--import=${conf}`);
    assertEquals(outcome.status, sound ? 0 : 1, outcome.stderr.slice(0, 200));
    if (!sound) assertStringIncludes(outcome.stderr, "port-for: cannot import");
  }
});
