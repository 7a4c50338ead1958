import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runTool } from "../support/program.ts";
import { Projects } from "../support/projects.ts";
import { assertRefused, unixTest as test } from "../support/store.ts";

const BEGIN =
  "# port-for: begin (these lines are written anew by --env --write)";
const END = "# port-for: end";

/** A checkout with ports, and files that they are written to. */
class Shop extends Projects {
  readonly shop = this.checkout(
    "shop",
    '[names]\nweb = {}\ndb = {}\n[env]\nURL = "http://localhost:{web}/"\n',
  );

  /** Writes the ports into a file, from the root. */
  writeTo(file: string, ...names: string[]) {
    return this.call(this.shop, "--env", "--write", file, ...names);
  }

  /** The block as it is for these ports. */
  async block(): Promise<string> {
    return `${BEGIN}\n${await this.print(this.shop, "--env")}${END}\n`;
  }

  /** What a file of the checkout says. */
  override read(name: string): string {
    return super.read(`shop/${name}`);
  }
}

test("--write makes a file, prints nothing, and leaves nothing else behind", async () => {
  using shop = new Shop();
  const { status, stdout, stderr } = await shop.writeTo(".env");

  assertEquals([status, stdout, stderr], [0, "", ""]);
  assertEquals(shop.read(".env"), await shop.block());
  const there = [...Deno.readDirSync(shop.shop)].map(({ name }) => name).sort();
  assertEquals(there, [".env", ".git", ".port-for.toml"]);
});

test("--write keeps every other line, in front of the block and behind it", async () => {
  using shop = new Shop();
  const block = await shop.block();
  const begin = `${BEGIN}\nOLD_PORT=1\n${END}\n`;
  for (
    const [before, after] of [
      ["", block],
      ["A=1\n", `A=1\n\n${block}`],
      ["A=1", `A=1\n\n${block}`],
      ["# é\r\nA='x\ny'\r\n", `# é\r\nA='x\ny'\r\n\n${block}`],
      [begin, block],
      [`A=1\n${begin}B=2\n`, `A=1\n${block}B=2\n`],
      [`A=1\n${begin}B=2`, `A=1\n${block}B=2`],
      [
        `A=1\r\n${begin.replaceAll("\n", "\r\n")}B=2\r\n`,
        `A=1\r\n${block}B=2\r\n`,
      ],
      [`${BEGIN}\n${END}`, block],
    ] as const
  ) {
    shop.write("shop/.env", before);
    const { status, stderr } = await shop.writeTo(".env");
    assertEquals([status, stderr], [0, ""]);
    assertEquals(shop.read(".env"), after);
  }
});

test("--write leaves a file untouched where nothing changed, and its mode in any case", async () => {
  using shop = new Shop();
  const path = shop.write("shop/.env", "SECRET=1\n");
  Deno.chmodSync(path, 0o600);
  await shop.writeTo(".env");
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  Deno.utimeSync(path, 1, 1);
  const before = Deno.statSync(path);
  await shop.writeTo(".env");
  const after = Deno.statSync(path);

  assertEquals([after.ino, after.mtime], [before.ino, before.mtime]);
  // Another set of names is another block, in the same place.
  await shop.writeTo(".env", "db");
  assert(!shop.read(".env").includes("WEB_PORT"));
  assertEquals(shop.read(".env").match(/begin/g)?.length, 1);
});

test("--write follows no symlink, and writes to nothing but files", async () => {
  using shop = new Shop();
  const other = shop.write("other.env", "A=1\n");
  Deno.symlinkSync(other, `${shop.shop}/link`);
  Deno.symlinkSync(`${shop.path}/new.env`, `${shop.shop}/nowhere`);
  Deno.mkdirSync(`${shop.shop}/folder`);
  await runTool(["mkfifo", `${shop.shop}/fifo`]);
  for (
    const [file, why] of [
      ["link", "symlink"],
      ["nowhere", "symlink"],
      ["folder", "regular"],
      ["fifo", "regular"],
      ["none/.env", "folder"],
    ]
  ) {
    assertRefused(await shop.writeTo(file!), 1, file!, why!);
  }
  assertEquals(Deno.readTextFileSync(other), "A=1\n");
  assert(!shop.names().includes("new.env"));
});

test("--write refuses what it cannot keep as it is", async () => {
  using shop = new Shop();
  shop.write("shop/.env", `A=1\n${BEGIN}\nB=2\n`);
  assertRefused(await shop.writeTo(".env"), 1, END, "line 2");
  assertEquals(shop.read(".env"), `A=1\n${BEGIN}\nB=2\n`);
  const bytes = new Uint8Array([65, 61, 255, 10]);
  shop.write("shop/.env", bytes);
  assertRefused(await shop.writeTo(".env"), 1, "UTF-8");
  assertEquals(Deno.readFileSync(`${shop.shop}/.env`), bytes);
});

test("--write tells of what is set elsewhere, too", async () => {
  using shop = new Shop();
  shop.write("shop/.env", "export WEB_PORT = 1\nwEB_PORT=2\n#DB_PORT=1\n");
  const { status, stderr } = await shop.writeTo(".env");
  assertEquals([status, stderr.match(/\n/g)?.length], [0, 1]);
  assertStringIncludes(stderr, "warning: .env sets WEB_PORT elsewhere");

  const env = { DB_PORT: "1" };
  const options = { cwd: shop.shop, env };
  const set = await shop.callWith(options, "--here", "--env");
  assertStringIncludes(set.stderr, "warning: DB_PORT is 1 in the environment");
  assertEquals(set.stdout, await shop.print(shop.shop, "--env"));
});

test("calls that write one file at once all succeed, and write it once", async () => {
  using shop = new Shop();
  shop.write("shop/.env", "A=1\n");
  const block = await shop.block();
  const calls = await Promise.all(
    Array.from({ length: 8 }, () => shop.writeTo(".env")),
  );

  for (const { status, stderr } of calls) {
    assertEquals([status, stderr], [0, ""]);
  }
  assertEquals(shop.read(".env"), `A=1\n\n${block}`);
  const there = [...Deno.readDirSync(shop.shop)].map(({ name }) => name).sort();
  assertEquals(there, [".env", ".git", ".port-for.toml"]);
});

test("a value that needs quotes is said to be seen with them by some", async () => {
  using shop = new Shop();
  shop.manifest(
    "shop",
    "[names]\nweb = {}\n[env]\nA = 'a b {web}'\nB = '{web}'\n",
  );
  const { status, stdout, stderr } = await shop.call(shop.shop, "--env");

  const port = /^WEB_PORT=(\d+)$/m.exec(stdout)?.[1];
  assertEquals([status, stdout], [
    0,
    `WEB_PORT=${port}\nA='a b ${port}'\nB=${port}\n`,
  ]);
  assertEquals(stderr.match(/\n/g)?.length, 1);
  for (const part of ["note: A had", "docker run", "make"]) {
    assertStringIncludes(stderr, part);
  }
});
