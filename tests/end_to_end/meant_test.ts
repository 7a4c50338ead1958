/**
 * What people meant: notes for who sits at a terminal, which store an answer is
 * from, ports that somebody knows better about, texts with ports in them.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Projects } from "../support/projects.ts";
import { networkTest, Store, unixTest as test } from "../support/store.ts";
import { hasTerminal, inTerminal } from "../support/terminal.ts";

Deno.test("-V and -v are the version, and an unknown option names the nearest", async () => {
  using store = new Store();
  assertEquals(await store.print("-V"), await store.print("-v"));
  await store.refuses(["--lits"], 2, "did you mean --list?");
});

test("--format fills ports into any text, and leaves other braces", async () => {
  using store = new Store('[ports]\nweb = 2001\n"my.db" = 2002\n');
  const text = "{web}:{port} {my.db} {{port}} {x} ${port} {}";

  assertEquals(
    await store.print("--format", text, "web", "my.db"),
    "2001:2001 2002 {2001} {x} $2001 {}\n",
  );
  assertEquals(
    await store.print("--format={port}", "--get", "my.db"),
    "2002\n",
  );
  assertEquals(
    await store.print("--list", "--format", "{name}={port};{web}"),
    "web=2001;{web}\nmy.db=2002;{web}\n",
  );
  // A new name gets its port as ever.
  const { status, stdout } = await store.call("--format", "p{port}", "new");
  assertEquals([status, stdout], [0, `p${await store.print("new")}`]);
});

test("a name in a line of --format cannot pass for another line", async () => {
  using store = new Store('[ports]\n"a\\nb" = 2001\n"c\\u001b[2J" = 2002\n');
  const lines = await store.print("--list", "--format", "{name} {port}");

  assertEquals(lines.match(/\n/g)?.length, 2);
  assert(!lines.includes("\u001b"));
});

networkTest(
  "--check does not object to what --allow was said about",
  async () => {
    using store = new Store();
    await store.print("--port=8080", "--allow", "admin");
    assertStringIncludes(store.text, "admin = { port = 8080, allow = true }\n");
    assertEquals(await store.print("--check"), "no problem found\n");
    assertEquals(await store.print("admin"), "8080\n");

    // Of a name that is there already, it is noted; nobody else's is.
    const warned = await store.call("--port=8081", "other");
    assertStringIncludes(warned.stderr, "8081");
    const { status, stdout } = await store.call("--check");
    assertEquals(status, 1);
    assertStringIncludes(stdout, '"other"');
    assert(!stdout.includes('"admin"'));
    assertStringIncludes(stdout, "--allow");
    assertEquals(
      await store.print("--port=8081", "--allow", "other"),
      "8081\n",
    );
    assertEquals(await store.print("--check"), "no problem found\n");
  },
);

networkTest(
  "--status marks what is not good, and what is reserved",
  async () => {
    using store = new Store(
      '[ports]\nweb = 29500\nbad = 8080\nkept = { port = 29510, reserved = "kernel" }\n',
    );
    const lines = (await store.print("--status")).split("\n");

    assert(lines.some((line) => /^bad +8080 +free, not good: /.test(line)));
    assert(lines.some((line) => /^kept +29510 +free, reserved$/.test(line)));
    assert(lines.some((line) => /^web +29500 +free$/.test(line)));
    const json = JSON.parse(await store.print("--status", "--json"));
    assertEquals(
      json.map(({ notGood }: { notGood?: string }) => notGood !== undefined),
      [false, true, false],
    );
  },
);

networkTest("--explain NAME is about the ports of that name", async () => {
  using store = new Store("[ports]\nblock = { port = 29500, count = 2 }\n");
  const out = await store.print("--explain", "block");

  assertStringIncludes(out, "29500: good and free");
  assertStringIncludes(out, "29501: good and free");
  await store.refuses(["--explain=blok"], 2, '"blok"', "--list");
});

networkTest(
  "ports that are not good are not chosen from --range, and why is said",
  async () => {
    using store = new Store();
    await store.refuses(
      ["--range=5432", "db"],
      2,
      "--range 5432",
      "--explain",
    );
  },
);

Deno.test({
  name: "on a terminal, a new name that equals an option gets a note",
  ignore: Deno.build.os === "windows" || !hasTerminal,
  fn: async () => {
    using home = new Projects();
    const shop = home.checkout("shop");
    const store = home.file("ports.toml");
    const typed = async (...args: string[]) => {
      const env = { HOME: home.path };
      const prefix = ["env", "-C", shop];
      return (await inTerminal(200, args, { env, prefix })).stdout;
    };
    const first = await typed("--store", store, "list", "web");
    assertStringIncludes(first, 'note: "list" is a new name');
    assertStringIncludes(first, "the option is --list");
    assert(!first.includes('"web"'), first);
    assert(!(await typed("--store", store, "list")).includes("note"));
    // It is the short name that somebody typed.
    const here = await typed("--here", "status");
    assertStringIncludes(here, 'note: "status" is a new name');
    // Nobody else's script is told anything.
    using quiet = new Store();
    assertEquals(await quiet.print("help"), await quiet.print("help"));
  },
});

Deno.test({
  name: "on a terminal, --list says which store it is from",
  ignore: Deno.build.os === "windows" || !hasTerminal,
  fn: async () => {
    using home = new Projects();
    const store = home.write("ports.toml", "[ports]\nweb = 2001\n");
    const { stdout } = await inTerminal(200, ["--store", store, "--list"]);

    assertStringIncludes(stdout, `store: ${store}`);
    assertStringIncludes(stdout, "web: 2001");
  },
});

networkTest(
  "--prune leaves a name on whose port somebody listens",
  async (network) => {
    using home = new Projects();
    home.folder("gone/beside");
    const shop = home.checkout("gone/shop");
    const { web } = await home.ports(shop, "web");
    Deno.removeSync(shop, { recursive: true });
    await network.hold({ port: Number(web), how: "listening" });
    const prune = () => home.callWith({ cwd: home.path }, "--user", "--prune");

    assertEquals((await prune()).stdout, "");
    await network.release();
    assertStringIncludes((await prune()).stdout, `${shop}/web: dropped`);
  },
);
