import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Projects } from "../support/projects.ts";
import { assertRefused, unixTest as test } from "../support/store.ts";

/** A checkout without a manifest. */
class Shop extends Projects {
  readonly shop = this.checkout("shop");

  /** Writes a manifest, from a folder of the checkout. */
  init(...names: string[]) {
    return this.call(this.folder("shop/src"), "--init", ...names);
  }

  /** The names of the manifest that was written, in its order. */
  async declared(): Promise<string[]> {
    return Object.keys(await this.ports(this.shop));
  }

  /** What the manifest says; `undefined` where there is none. */
  get text(): string | undefined {
    try {
      return this.read("shop/.port-for.toml");
    } catch {
      return undefined;
    }
  }
}

test("--init writes a manifest at the root, and prints it", async () => {
  using shop = new Shop();
  const names = ["web", "web-ui", "a.b", "größe 店", '"', "web"];
  const { status, stdout, stderr } = await shop.init(...names);

  assertEquals([status, stderr], [0, ""]);
  assertStringIncludes(stdout, `wrote ${shop.shop}/.port-for.toml`);
  assertStringIncludes(stdout, shop.text!);
  assertEquals(await shop.declared(), [...new Set(names)]);
  assertStringIncludes(await shop.print(shop.shop, "--env"), "WEB_UI_PORT=");
  // What its comment shows is a manifest, too.
  const shown = shop.text!.replace(/^# (\[env\]|DATABASE)/gm, "$1")
    .replace("{db}", "{web}");
  shop.manifest("shop", shown);
  const lines = await shop.print(shop.shop, "--env", "web");
  assertStringIncludes(lines, "DATABASE_URL=postgres://localhost:");
});

test("--init never overwrites, and follows no symlink", async () => {
  using shop = new Shop();
  const path = shop.manifest("shop", "# mine\n");
  assertRefused(await shop.init("web"), 1, path, "already");
  assertEquals(shop.text, "# mine\n");
  for (
    const target of [shop.write("other.toml", "# other\n"), "/nonexistent"]
  ) {
    Deno.removeSync(path);
    Deno.symlinkSync(target, path);
    assertRefused(await shop.init("web"), 1, path, "already");
  }
  assertEquals(shop.read("other.toml"), "# other\n");
});

test("--init refuses names that would fail later", async () => {
  using shop = new Shop();
  assertRefused(await shop.init("a-b", "a_b"), 1, "A_B_PORT");
  assertRefused(await shop.init("web", " x"), 2, '" x"', "white space");
  assertEquals(shop.text, undefined);
});

const COMPOSE = `
x-common: &common { restart: always }
services:
  web:
    <<: *common
    image: nginx
    ports: ["127.0.0.1:8080:80"]
  api: { image: api, ports: [{ target: 80, published: "8081", protocol: tcp }] }
  worker: { image: worker }
  empty: { image: x, ports: [] }
  dns: { image: dns, ports: ["53:53/udp"] }
  ftp: { image: ftp, ports: ["21:21", "30000-30009:30000-30009"] }
  debug: { image: x, ports: ["9229"], profiles: [debug] }
  other: { extends: { file: base.yaml, service: other }, ports: ["80"] }
`;

test("--init takes the services that publish ports from a Compose file", async () => {
  for (const file of ["compose.yaml", "docker-compose.yml"]) {
    using shop = new Shop();
    shop.write(`shop/${file}`, COMPOSE);
    shop.write("shop/Procfile", "proc: x\n");
    const { status, stdout, stderr } = await shop.init();

    assertEquals([status, stderr], [0, ""]);
    assertEquals(await shop.declared(), ["web", "api", "dns"]);
    for (
      const [name, why] of [
        ["ftp", "range"],
        ["debug", "profiles"],
        ["other", "extends"],
      ]
    ) {
      const line = stdout.split("\n").find((line) =>
        line.includes(`${name}: `)
      );
      assertStringIncludes(line ?? stdout, "skipped: ");
      assertStringIncludes(line ?? stdout, why!);
    }
  }
});

test("--init takes the lines of a Procfile", async () => {
  using shop = new Shop();
  shop.write(
    "shop/Procfile",
    "# what runs\nweb: node server.js\nweb_ui: npm start\n\nrelease: ./migrate\n" +
      "web-api: x: y\nnot a line\n",
  );
  assertEquals((await shop.init()).status, 0);
  assertEquals(await shop.declared(), ["web", "web_ui", "web-api"]);
});

test("--init says what it wants where it finds nothing", async () => {
  using shop = new Shop();
  assertRefused(await shop.init(), 2, shop.shop, "--init web db");
  for (
    const [file, text, ...parts] of [
      ["compose.yaml", "services: [", "compose.yaml"],
      ["compose.yaml", "services: { a: { image: x } }\n", "no service"],
      ["compose.yaml", "a: &a [*a]\n", "compose.yaml"],
      ["compose.yaml", "- 1\n", "no service"],
      ["compose.yaml", COMPOSE.slice(0, 1), "no service"],
      ["Procfile", "nothing\n", "Procfile"],
    ] as const
  ) {
    shop.write(`shop/${file}`, text);
    assertRefused(await shop.init(), 1, ...parts);
    Deno.removeSync(`${shop.shop}/${file}`);
  }
  assertEquals(shop.text, undefined);
});

test("--init makes a folder outside of any repository a checkout", async () => {
  using home = new Projects();
  const notes = home.folder("notes");
  const { status } = await home.call(notes, "--init", "web");
  const { web } = await home.ports(home.folder("notes/deep/er"));

  assertEquals(status, 0);
  assert(web !== undefined);
  assertStringIncludes(
    await home.print(home.file("notes/deep"), "--status"),
    `for ${notes} (by its .port-for.toml)`,
  );
});
