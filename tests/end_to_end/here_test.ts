import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertRefused, Store, unixTest as test } from "../support/store.ts";

/** A store, and directories to call the program in. */
class Checkouts extends Store {
  /** Creates a directory. Returns its path. */
  folder(name: string): string {
    Deno.mkdirSync(this.file(name), { recursive: true });
    return this.file(name);
  }

  /** What a successful call with `--here` in a directory prints. */
  printIn(cwd: string, ...args: string[]): Promise<string> {
    return this.printWith({ cwd }, "--here", ...args);
  }

  /** The names in the store, in its order. */
  async storedNames(): Promise<string[]> {
    return Object.keys(JSON.parse(await this.print("--list", "--json")));
  }
}

test("--here gives each directory a port of its own for one name", async () => {
  using store = new Checkouts();
  const [shop, fix] = [store.folder("shop"), store.folder("shop-fix")];
  const ports = [
    await store.printIn(shop, "web"),
    await store.printIn(fix, "web"),
    await store.print("web"),
  ];

  assertEquals(new Set(ports).size, 3);
  assertEquals(await store.printIn(shop, "web"), ports[0]);
  assertEquals(await store.storedNames(), [
    `${shop}/web`,
    `${fix}/web`,
    "web",
  ]);
  assertEquals(await store.print(`${shop}/web`), ports[0]);
});

test("--here without a name is the directory itself", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  const port = await store.printIn(shop);

  assertEquals(await store.printIn(shop), port);
  assertEquals(await store.storedNames(), [shop]);
  const script = ["--", "sh", "-c", 'echo "$SHOP_PORT"'];
  assertEquals(await store.printIn(shop, ...script), port);
});

test("names are short in what a directory prints for itself", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  const [web, db] = (await store.printIn(shop, "web", "db")).split("\n");
  const script = 'echo "$PORT $WEB_PORT $DB_PORT $1 $2"';
  const run = ["db", "web", "--", "sh", "-c", script, "sh", "{db}", "{web}"];
  for (
    const [args, expected] of [
      [["--json", "web", "db"], `{"web":${web},"db":${db}}\n`],
      [["--env"], `WEB_PORT=${web}\nDB_PORT=${db}\n`],
      [["--env", "--get", "db"], `DB_PORT=${db}\n`],
      [run, `${db} ${web} ${db} ${db} ${web}\n`],
    ] as const
  ) {
    assertEquals(await store.printIn(shop, ...args), expected);
  }
});

test("--list, --get and --unbind with --here are about this directory", async () => {
  using store = new Checkouts();
  const [shop, fix] = [store.folder("shop"), store.folder("shop-fix")];
  const [web, db] = (await store.printIn(shop, "web", "db")).split("\n");
  const other = await store.printIn(fix, "web");
  await store.print("web");

  assertEquals(
    await store.printIn(shop, "--list"),
    `${shop}/web: ${web}\n${shop}/db: ${db}\n`,
  );
  assertEquals(await store.printIn(shop, "--get=web"), `${web}\n`);
  assertEquals(await store.printIn(fix, "--get=web"), other);
  const none = await store.callWith({ cwd: fix }, "--get=db", "--here");
  assertRefused(none, 1, `"${fix}/db"`);
  await store.printIn(shop, "--unbind=web");
  assertEquals(await store.storedNames(), [
    `${shop}/db`,
    `${fix}/web`,
    "web",
  ]);
});

test("a directory is itself, whichever symlink leads there", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  const link = store.file("link");
  Deno.symlinkSync(shop, link);
  const port = await store.printIn(shop, "web");
  const through = { cwd: link, env: { PWD: link } };

  assertEquals(await store.printWith(through, "--here", "web"), port);
  assertEquals(await store.storedNames(), [`${shop}/web`]);
  // Only the directory counts, not the way there.
  Deno.removeSync(link);
  assertEquals(await store.print("--prune"), "");
});

test("directories may be spelt as they like", async () => {
  using store = new Checkouts();
  const folders = [
    ...["my shop", "-l", 'a"b', "a\\b", "a/b", "{web}", "größe 店 🎉"],
    ...["$(id)", "#1 = 2"],
  ].map((name) => store.folder(name));
  // A folder with nothing in it may be one where nothing is mounted now.
  store.folder("a/beside b");
  const ports: string[] = [];
  for (const folder of folders) {
    ports.push(await store.printIn(folder, "web"));
  }

  assertEquals(new Set(ports).size, folders.length);
  for (const [at, folder] of folders.entries()) {
    assertEquals(await store.printIn(folder, "web"), ports[at]);
  }
  assertEquals(await store.storedNames(), folders.map((one) => `${one}/web`));
  assertEquals(await store.print("--prune"), "");
  for (const folder of folders) Deno.removeSync(folder, { recursive: true });
  await store.print("--prune");
  assertEquals(await store.storedNames(), []);
});

test("at the root a name has one slash, and everything lies below", async () => {
  using store = new Checkouts();
  const [root, web] = [
    await store.printIn("/"),
    await store.printIn("/", "web"),
  ];

  assertEquals(await store.storedNames(), ["/", "/web"]);
  assertEquals(await store.printIn("/", "--list"), `/: ${root}/web: ${web}`);
  assertEquals(await store.print("--prune"), "");
});

test("a directory that cannot be part of a name is refused, and why is said", async () => {
  using store = new Checkouts();
  const cwd = store.folder("two\nlines");
  const refused = await store.callWith({ cwd }, "--here", "web");

  assertRefused(refused, 2, "control characters");
});

test("a directory may be deeper than a name may be long", async () => {
  using store = new Checkouts();
  const deep = store.folder(`${"x".repeat(130)}/${"y".repeat(130)}`);
  const port = await store.printIn(deep, "web");

  assertEquals(await store.printIn(deep, "--get=web"), port);
});

test("in a directory that is gone, --here says so", async () => {
  using store = new Checkouts();
  const gone = store.folder("gone");
  const script = `cd '${gone}' && rmdir ../gone && exec "$@"`;
  const { status, stdout, stderr } = await store.callWith(
    { prefix: ["sh", "-c", script, "sh"] },
    "--here",
  );

  assertEquals(stdout, "");
  assert(status !== 0 && stderr !== "");
  assertEquals(store.names(), []);
});

Deno.test({
  name: "two directories whose names are not UTF-8 never share a port",
  // Elsewhere there are no such names.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using store = new Store();
    // A shell, because a path in JavaScript is text.
    const enter = 'd="$(printf "$0")"; mkdir "$d"; cd "$d"; exec "$@"';
    const ports = [];
    for (const name of ["a\\377b", "a\\376b"]) {
      const prefix = ["sh", "-euc", enter, name];
      const options = { cwd: store.path, prefix };
      const outcome = await store.callWith(options, "--here", "web");
      if (outcome.status === 0) ports.push(outcome.stdout);
      else assertStringIncludes(outcome.stderr, "not valid UTF-8 text");
    }

    assertEquals(new Set(ports).size, ports.length);
    // And as they are there, they are not gone.
    assertEquals(await store.print("--prune"), "");
  },
});
