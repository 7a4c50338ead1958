import { assertEquals } from "@std/assert";
import { onOneLine } from "../../lib/error.ts";
import { Store } from "../support/store.ts";

/** Names that mean something to TOML. */
const LIKE_TOML = [
  "two words",
  'double "quotes"',
  "single 'quotes'",
  "ends with a backslash\\",
  "\\u0041",
  "\\n",
  "=",
  "a = 1",
  "a.b",
  "a.",
  "[ports]",
  "[[ports]]",
  "ports",
  "#",
  "# no comment",
  "'''",
  '"""',
  "{}",
  "123",
  "1e3",
  "inf",
  "__proto__",
];

/** Names that mean something to a shell, to JavaScript, to an eye or to nobody. */
const STRANGE = [
  ...LIKE_TOML,
  "`backticks` and $(commands)",
  "back\\slash",
  "version",
  "port",
  "a,b",
  "a: 1",
  "007",
  "0x10",
  "true",
  "false",
  "null",
  "undefined",
  "constructor",
  "toString",
  "hasOwnProperty",
  "\u{1f600}",
  "\u{1f600}".repeat(255),
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", // one family of three
  "\u00e9",
  "\u200f\u05d0\u200e", // right-to-left and left-to-right marks
  "\u202eevil", // an override, which turns the rest of a line around
  "zero\u200bwidth",
  "line\u2028separator",
  "~",
  "/",
  "../..",
  "*",
  "a--b",
  "A",
  "a",
];

Deno.test("strange names are associated, listed and unbound together", async () => {
  using store = new Store();
  const ports = await store.ports(...STRANGE);
  assertEquals(new Set(ports).size, STRANGE.length);

  const list = await store.print("--list");
  assertEquals(
    list.trimEnd().split("\n").sort(),
    STRANGE.map((name, at) => `${onOneLine(name)}: ${ports[at]}`).sort(),
  );
  const gets = STRANGE.flatMap((name) => ["--get", name]);
  assertEquals(await store.ports(...gets), ports);
  const json = JSON.parse(await store.print("--json", ...STRANGE));
  const pairs = STRANGE.map((name, at) => [name, ports[at]]);
  assertEquals(json, Object.fromEntries(pairs));

  await store.print(...STRANGE.flatMap((name) => ["--unbind", name]));
  await store.listsNothing();
});

Deno.test("an accent typed as a character of its own is the same name", async () => {
  using store = new Store();
  const [port] = await store.ports("caf\u00e9");
  assertEquals(await store.ports("cafe\u0301"), [port]);
  assertEquals(await store.print("--list"), `caf\u00e9: ${port}\n`);
  assertEquals(
    await store.print("--format={cafe\u0301}", "caf\u00e9"),
    `${port}\n`,
  );
  assertEquals(
    await store.print("caf\u00e9", "--", "echo", "{cafe\u0301}"),
    `${port}\n`,
  );
});

Deno.test("names that look like TOML leave the text around it alone", async () => {
  const text = "# mine\n[ports]\nother = 24017 # mine too\n";
  using store = new Store(text);
  const ports = await store.ports(...LIKE_TOML);

  const entries = store.text.slice(text.length).trimEnd().split("\n");
  assertEquals(store.text, `${text}${entries.join("\n")}\n`);
  assertEquals(
    entries.map((entry) => Number(entry.match(/ = (\d+)$/)?.[1])),
    ports,
  );
  await store.print(...LIKE_TOML.flatMap((name) => ["--unbind", name]));
  assertEquals(store.text, text);
});

Deno.test("names that look like values or commands are names, behind options too", async () => {
  using store = new Store();
  await store.print("--random", "true", "-b", "list", "get");
  await store.print("--udp", "false", "--bind=8080", "-bhelp");
  const json = JSON.parse(await store.print("--list", "--json"));

  const names = ["true", "list", "get", "false", "8080", "help"];
  assertEquals(Object.keys(json).sort(), names.sort());
  // JSON has them in their order, though objects would not.
  const { web } = JSON.parse(await store.print("web", "--json"));
  assertEquals(
    await store.print("--json", "web", "8080"),
    `{"web":${web},"8080":${json["8080"]}}\n`,
  );
});
