import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isRoot } from "../support/namespace.ts";
import { runTool } from "../support/program.ts";
import { Projects } from "../support/projects.ts";
import { assertRefused, unixTest } from "../support/store.ts";

/** A checkout of a stranger's, and a mark that no call must leave. */
class Strangers extends Projects {
  readonly shop = this.checkout("shop");
  readonly mark = this.file("mark");
  readonly place = `${this.shop}/.port-for.toml`;

  /** A manifest with a name and these lines in `[env]`. */
  env(...lines: string[]): void {
    this.manifest(
      "shop",
      `[names]\nweb = {}\n[env]\n${lines.join("\n")}\n`,
    );
  }

  /** Asserts that every kind of call refuses the manifest, and quickly. */
  async refused(...parts: string[]): Promise<void> {
    for (const args of [[], ["--env"], ["--", "touch", this.mark]]) {
      assertRefused(await this.call(this.shop, ...args), 1, ...parts);
    }
    this.nothingHappened();
  }

  /** Asserts that nothing was run, written or given. */
  nothingHappened(): void {
    assertEquals(this.names(), ["shop"]);
    assertEquals(
      [...Deno.readDirSync(this.shop)].map(({ name }) => name).sort(),
      [".git", ".port-for.toml"],
    );
  }
}

const test = (name: string, fn: (shop: Strangers) => Promise<void>) =>
  unixTest(`a stranger's manifest ${name}`, async () => {
    using shop = new Strangers();
    await fn(shop);
  });

test("that is a symlink is refused, wherever it leads", async (shop) => {
  for (const target of ["/etc/passwd", "/dev/zero", "/nonexistent"]) {
    Deno.symlinkSync(target, shop.place);
    const { status, stdout, stderr } = await shop.call(shop.shop);
    // Where it leads nowhere, there is no manifest.
    const isThere = target !== "/nonexistent";
    if (isThere) {
      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, "it is a symlink");
      assert(!stderr.includes("root:"), stderr);
      shop.nothingHappened();
    }
    Deno.removeSync(shop.place);
  }
});

test("that never ends is refused at once", async (shop) => {
  await runTool(["mkfifo", shop.place]);
  await shop.refused("a FIFO, a socket or a device");
  Deno.removeSync(shop.place);
  Deno.mkdirSync(shop.place);
  await shop.refused("a folder");
});

Deno.test({
  name: "a stranger's manifest that is a device is refused",
  ignore: !isRoot,
  fn: async () => {
    using shop = new Strangers();
    const words = ["mknod", shop.place, "c", "1", "5"];
    // A container may not be allowed to.
    if ((await runTool(words)).status !== 0) return;
    await shop.refused("a FIFO, a socket or a device");
  },
});

Deno.test({
  name: "a stranger's manifest in somebody else's checkout is refused",
  ignore: !isRoot,
  fn: async () => {
    using shop = new Strangers();
    shop.env();
    Deno.chownSync(shop.place, 1234, 1234);
    await shop.refused("user 1234");
    // Who owns the checkout may say what it needs.
    Deno.chownSync(shop.shop, 1234, 1234);
    assertEquals((await shop.call(shop.shop)).status, 0);
  },
});

test("that is too large is refused", async (shop) => {
  const text = (size: number) => "[names]\nweb = {}\n#".padEnd(size, "x");
  shop.manifest("shop", text(64 * 1024 + 1));
  await shop.refused("larger than 64 KiB");
  shop.manifest("shop", text(64 * 1024));
  assertEquals((await shop.call(shop.shop)).status, 0);
});

test("that asks for everything is refused", async (shop) => {
  const names = Array.from({ length: 65 }, (_, at) => `n${at} = {}\n`);
  shop.manifest("shop", `[names]\n${names.join("")}`);
  await shop.refused("65 names");
  shop.manifest("shop", "[names]\na = { count = 257 }\n");
  await shop.refused("257 ports");
  shop.manifest("shop", "[names]\na = { count = 65535 }\nb = { count = 9 }\n");
  await shop.refused("ports, more than 256");
});

test("that is no text, or nests without end, is refused", async (shop) => {
  Deno.writeFileSync(shop.place, new Uint8Array([0x5b, 0xff, 0xfe, 0x00]));
  await shop.refused("UTF-8");
  shop.manifest("shop", `x = ${"[".repeat(60_000)}`);
  await shop.refused("nested");
  shop.manifest("shop", `${"a.".repeat(30_000)}a = 1\n`);
  await shop.refused(".port-for.toml, line 1");
});

test("reaches no shell by what it sets", async (shop) => {
  const { mark } = shop;
  for (
    const line of [
      `URL = '$(touch ${mark}){web}'`,
      `URL = '\${x:-$(touch ${mark})}{web}'`,
      `URL = '\`touch ${mark}\`{web}'`,
      `URL = "{web}\\ntouch ${mark}"`,
      `URL = "{web}\\rtouch ${mark}"`,
      `URL = "{web}\\u2028touch ${mark}"`,
      `URL = "{web}\\u0000"`,
      `"URL; touch ${mark};" = "{web}"`,
      `"URL\\ntouch ${mark}\\nX" = "{web}"`,
      `"$(touch ${mark})" = "{web}"`,
      `"a[$(touch ${mark})]" = "{web}"`,
      `"BASH_FUNC_ls%%" = "() {{ touch ${mark}; }; {web}"`,
    ]
  ) {
    shop.env(line);
    assertRefused(await shop.call(shop.shop, "--env"), 1, "line 4");
  }
  shop.nothingHappened();
});

test("sets nothing that a loader or an interpreter acts on", async (shop) => {
  for (
    const name of [
      ...["LD_PRELOAD", "GLIBC_TUNABLES", "BASH_ENV", "PATH", "HTTP_PROXY"],
      ...["GIT_SSH_COMMAND", "NODE_OPTIONS", "EDITOR", "PORT_FOR_STORE"],
    ]
  ) {
    shop.env(`${name} = "/tmp/evil-{web}"`);
    assertRefused(await shop.call(shop.shop, "--env"), 1, `"${name}"`);
  }
  shop.nothingHappened();
});

test("that looks like shell is only text to every shell", async (shop) => {
  const { mark } = shop;
  const values = [
    `a;touch ${mark};{web}`,
    `a|touch ${mark}|{web}`,
    `a&&touch ${mark}&&{web}`,
    `a>${mark} <{web}`,
    `(touch ${mark}) {web}`,
    `";touch ${mark};"{web}`,
    `it's;touch ${mark};{web}`,
    `~/* ?{web} #no {{a,b}}`,
    `!touch {web}`,
    `{web} \\x`,
  ];
  shop.env(
    ...values.map((value, at) => `V${at} = ${JSON.stringify(value)}`),
  );
  const port = (await shop.call(shop.shop)).stdout.trim();
  const { status, stdout: lines } = await shop.call(shop.shop, "--env");
  assertEquals(status, 0);
  const names = values.map((_, at) => `"$V${at}"`).join(" ");
  const expected = values.map((value) =>
    `${value.replace("{web}", port).replace("{{", "{").replace("}}", "}")}\n`
  ).join("");
  for (const [how, script] of [["eval", `eval "$1"`], ["file", '. "$2"']]) {
    const file = shop.write("lines.env", lines);
    const { stdout, stderr } = await runTool(
      ["sh", "-c", `${script}; printf '%s\\n' ${names}`, how!, lines, file],
    );
    assertEquals([stdout, stderr], [expected, ""], how);
    Deno.removeSync(file);
  }
  const run = ["--", "sh", "-c", `printf '%s\\n' ${names}`];
  assertEquals((await shop.call(shop.shop, ...run)).stdout, expected);
  assert(!shop.names().includes("mark"));
});

test("names are only names, whatever they look like", async (shop) => {
  const names = [
    ...["../../etc/passwd", "/etc/passwd", "..", ".", "a/../b", "~", "*"],
    ...["__proto__", "constructor", "toString", "list", "--help".slice(1)],
    ...["$(touch mark)", "`id`", "a;b", "a'b", '"', "{web}", "a b", "\\n"],
  ].filter((name) => !name.startsWith("-"));
  shop.manifest(
    "shop",
    `[names]\n${
      names.map((name) => `${JSON.stringify(name)} = {}\n`).join("")
    }`,
  );
  const { status, stdout, stderr } = await shop.call(shop.shop, "--json");
  assertEquals([status, stderr], [0, ""]);

  assertEquals([...stdout.matchAll(/:\d+/g)].length, names.length);
  assertEquals(Object.keys(JSON.parse(stdout)).sort(), [...names].sort());
  const stored = Deno.readTextFileSync(shop.store);
  for (const name of ["../../etc/passwd", "__proto__"]) {
    assertStringIncludes(stored, `"${shop.shop}/${name}" = {`);
  }
  // Nobody else's names are touched by one that looks like theirs.
  const other = shop.checkout("other");
  const port = await shop.print(other, "web");
  shop.manifest("shop", '[names]\n"../other/web" = {}\n');
  const own = await shop.call(shop.shop);
  assert(own.stdout !== port);
  assertEquals(await shop.print(other, "--get=web"), port);
});

test("speaks to no terminal", async (shop) => {
  for (
    const text of [
      '"\\u001b]0;evil\\u0007" = 1\n',
      '[names]\n"a\\u202eb" = 1\n',
      '[names]\n"\\u001b[2J" = {}\n',
      '[names]\nweb = {}\n[env]\n"\\u001b[2J" = "{web}"\n',
      '[names]\nweb = {}\n[env]\nU = "{\\u001b[2J}"\n',
      '[names]\nweb = {}\n[env]\nU = "{\\u202e}"\n',
    ]
  ) {
    shop.manifest("shop", text);
    const { status, stderr } = await shop.call(shop.shop);
    assertEquals(status, 1, text);
    // One line of its own, and no character that acts.
    assert(/^[^\p{Cc}\p{Cf}]+\n$/u.test(stderr), JSON.stringify(stderr));
  }
});

test("takes nothing away from what others have", async (shop) => {
  const other = shop.checkout("other");
  const port = await shop.print(other, "web");
  shop.manifest("shop", `[names]\nmine = { prefer = ${port.trim()} }\n`);
  const own = await shop.call(shop.shop);

  assertEquals(own.status, 0);
  assert(own.stdout !== port);
  assertEquals(await shop.print(other, "web"), port);
});

test("is not read by lists, lookups and completions", async (shop) => {
  shop.manifest("shop", "[[[");
  for (const option of ["--list", "--status", "--check"]) {
    assertEquals((await shop.call(shop.shop, option)).status, 0);
  }
  assertStringIncludes((await shop.call(shop.shop)).stderr, "line 1");
});
