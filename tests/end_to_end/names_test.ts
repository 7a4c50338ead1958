import { assertEquals, assertStringIncludes } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

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
  "e\u0301", // not the same as the next one
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
  using temp = new TempFolder();
  const store = `--store=${temp.file("ports.toml")}`;

  const { status, stdout, stderr } = await portFor([store, ...STRANGE]);
  assertEquals([status, stderr], [0, ""]);
  const ports = stdout.trimEnd().split("\n");
  assertEquals(new Set(ports).size, STRANGE.length);

  const list = await portFor([store, "--list"]);
  assertEquals(
    list.stdout.trimEnd().split("\n").sort(),
    STRANGE.map((name, at) => `${name}: ${ports[at]}`).sort(),
  );

  const got = await portFor([
    store,
    ...STRANGE.flatMap((name) => ["--get", name]),
  ]);
  assertEquals(got, { status: 0, stdout, stderr: "" });

  const json = await portFor([store, "--json", ...STRANGE]);
  const pairs = STRANGE.map((name, at) => [name, Number(ports[at])]);
  assertEquals(JSON.parse(json.stdout), Object.fromEntries(pairs));

  const unbound = await portFor([
    store,
    ...STRANGE.flatMap((name) => ["--unbind", name]),
  ]);
  assertEquals([unbound.status, unbound.stderr], [0, ""]);
  assertEquals((await portFor([store, "--list"])).stdout, "");
});

Deno.test("a name that looks like TOML leaves the text around it alone", async () => {
  using temp = new TempFolder();
  const text = "# mine\n[ports]\nother = 24017 # mine too\n";
  const store = `--store=${temp.write("ports.toml", text)}`;
  for (const name of LIKE_TOML) {
    const { stdout } = await portFor([store, name]);
    assertEquals(temp.read("ports.toml").split("\n").length, 5, name);
    assertStringIncludes(temp.read("ports.toml"), ` = ${stdout}`);
    const unbound = await portFor([store, `--unbind=${name}`]);
    assertEquals(unbound, { status: 0, stdout: "", stderr: "" }, name);
    assertEquals(temp.read("ports.toml"), text);
  }
});

Deno.test("the names true and false are names behind a switch too", async () => {
  using temp = new TempFolder();
  const store = `--store=${temp.file("ports.toml")}`;

  await portFor([store, "--random", "true"]);
  await portFor([store, "--udp", "false"]);
  const { stdout } = await portFor([store, "--json", "true", "false"]);

  assertEquals(Object.keys(JSON.parse(stdout)), ["true", "false"]);
});

Deno.test("names that look like options' values stay names", async () => {
  using temp = new TempFolder();
  const store = `--store=${temp.file("ports.toml")}`;

  await portFor([store, "-b", "list", "get", "--bind=8080", "-bhelp"]);
  const { stdout } = await portFor([store, "--list"]);

  const names = stdout.trimEnd().split("\n").map((line) => line.split(":")[0]);
  assertEquals(names.sort(), ["8080", "get", "help", "list"]);
});

Deno.test("names that look like numbers are listed in the store's order", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 2001\n2 = 2002\n");

  const { stdout } = await portFor(["--store", path, "--list"]);

  assertEquals(stdout, "web: 2001\n2: 2002\n");
});

Deno.test("JSON keeps the order of names that look like numbers", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 2001\n2 = 2002\n");

  const { stdout } = await portFor(["--store", path, "--json", "web", "2"]);

  assertEquals(stdout, '{"web":2001,"2":2002}\n');
});
