import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertRefused, Store, unixTest as test } from "../support/store.ts";

/** A store with a folder of layers next to it. */
class Layered extends Store {
  constructor(text?: string) {
    super(text);
    Deno.mkdirSync(this.file("ports.d"));
  }

  /** Writes a layer. Returns its path. */
  layer(name: string, text: string): string {
    return this.write(`ports.d/${name}`, text);
  }
}

test("a name that the store does not have is looked up in its layers, in order", async () => {
  using store = new Layered("[ports]\nweb = 29500\n");
  const path = store.layer("20.toml", "[ports]\nfleet = 29511\nlast = 29512\n");
  store.layer("10.toml", "[ports]\nweb = 29520\nfleet = 29510\n");
  store.layer("30.toml.bak", "not TOML");
  store.layer(".05.toml", "[ports]\nfleet = 29530\n");
  const text = store.text;

  assertEquals(await store.ports("web", "fleet"), [29500, 29510]);
  assertEquals(await store.ports("last"), [29512]);
  assertEquals(await store.ports("--get=fleet"), [29510]);
  assertEquals(
    await store.print("--list"),
    "web: 29500\nfleet: 29510\nlast: 29512\n",
  );
  const json = JSON.parse(await store.print("--list", "--json"));
  assertEquals(json.last, { port: 29512, layer: path });
  assertEquals(store.text, text);
});

test("a layer may be a symlink: it counts where its name stands", async () => {
  using store = new Layered("[ports]\nweb = 29500\n");
  const real = store.write("fleet", "[ports]\nfleet = 29510\n");
  Deno.symlinkSync(real, store.file("ports.d/10.toml"));
  store.layer("20.toml", "[ports]\nfleet = 29511\n");

  // A plain lookup reads them in its own way.
  assertEquals(await store.print("fleet"), "29510\n");
  assertEquals(await store.print("--json", "fleet"), '{"fleet":29510}\n');
});

test("ports of layers are taken, and nothing in them is changed here", async () => {
  using store = new Layered("[ports]\nweb = 29500\n");
  const layer = "[ports]\nfleet = { port = 29510, count = 5 }\n";
  const path = store.layer("10.toml", layer);
  const text = store.text;

  for (
    const args of [
      ["--port=29512", "db"],
      ["--port=29600", "fleet"],
      ["--count=2", "fleet"],
      ["--allow", "fleet"],
      ["--unbind=fleet"],
    ]
  ) {
    const refused = await store.call(...args);
    assertRefused(refused, 1, path);
    assertEquals(refused.stderr.includes("--unbind"), false, refused.stderr);
  }
  assertEquals(await store.ports("--range=29510-29515", "db"), [29515]);
  assertEquals(store.text, `${text}db = 29515\n`);
  assertEquals(store.read("ports.d/10.toml"), layer);
});

test("what contradicts itself is told by --check", async () => {
  using store = new Layered("[ports]\nweb = 29500\n");
  const first = store.layer("10.toml", "[ports]\nweb = 29520\na = 29530\n");
  const second = store.layer("20.toml", "[ports]\na = 29531\nb = 29530\n");

  const { status, stdout } = await store.call("--check");
  assertEquals(status, 1);
  for (
    const parts of [
      ['"web"', "29500", "29520", first],
      ['"a"', "29530", "29531", first, second],
      ["29530", '"b"', '"a"', first, second],
    ]
  ) {
    const isIt = (line: string) => parts.every((part) => line.includes(part));
    assertEquals(stdout.split("\n").some(isIt), true, `${parts}: ${stdout}`);
  }
});

test("a layer that cannot be understood may have promised any port", async () => {
  using store = new Layered("[ports]\nweb = 29500\n");
  store.layer("10.toml", "[ports]\nfleet = 29510\n");
  const path = store.layer("20.toml", "[ports]\nfleet 29511\n");

  assertEquals(await store.ports("web"), [29500]);
  await store.refuses(["new"], 1, path, "line 2");
  const { status, stdout } = await store.call("--check");
  assertEquals(status, 1);
  assertStringIncludes(stdout, path);
  assertEquals(store.text, "[ports]\nweb = 29500\n");
});

test("what stands in the place of the layers' folder is refused", async () => {
  using store = new Store("[ports]\nweb = 29500\n");
  const folder = store.file("ports.d");
  Deno.symlinkSync(store.file("not-mounted"), folder);
  assertRefused(await store.call("db"), 1, folder, "no folder of layers");
  Deno.removeSync(folder);
  Deno.writeTextFileSync(folder, "");
  assertRefused(await store.call("db"), 1, folder, "no folder of layers");
  assertEquals(await store.ports("web"), [29500]);
});
