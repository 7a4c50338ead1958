import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { npmPackages } from "../support/npm.ts";
import { Kitchen, recipe } from "../support/recipe.ts";
import { hasTool } from "../support/tools.ts";

const [PACKAGE = "", MANIFEST = "", CONFIG = ""] = recipe("vite");
const [PORT_MODULE = ""] = recipe("vitest");
const [PLAYWRIGHT = ""] = recipe("playwright");

const isPossible = Deno.build.os !== "windows" && hasTool("node", "--version");

const packages = isPossible
  ? await npmPackages("vite@8.4.0", "vitest@4.1.12", "@playwright/test@1.65.1")
  : undefined;

/** Worktrees of one project, with the packages installed. */
class Worktrees extends Kitchen {
  /** Makes one, whose page says its name. Returns its path. */
  worktree(name: string): string {
    const path = this.file(name);
    Deno.mkdirSync(path);
    this.write(`${name}/.git`, "gitdir: /nonexistent\n");
    this.write(`${name}/package.json`, PACKAGE);
    this.write(`${name}/index.html`, `<title>${name}</title>\n`);
    Deno.symlinkSync(`${packages}/node_modules`, `${path}/node_modules`);
    return path;
  }

  /** What has to succeed in a folder. */
  async succeed(cwd: string, ...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.callIn(cwd, ...words);
    assertEquals(status, 0, stdout + stderr);
    return stdout;
  }

  /** The ports of a worktree. */
  async ports(cwd: string, ...names: string[]): Promise<number[]> {
    const calls = names.flatMap((name) => ["--get", name]);
    const lines = await this.succeed(cwd, "port-for", "--here", ...calls);
    return lines.trimEnd().split("\n").map(Number);
  }
}

const test = (name: string, fn: (trees: Worktrees) => Promise<void>) =>
  Deno.test({
    name,
    ignore: packages === undefined,
    fn: async () => {
      using trees = new Worktrees();
      await fn(trees);
    },
  });

/** The page of a server, which has said where it is. */
async function page(port: string): Promise<string> {
  return await (await fetch(`http://localhost:${port}/`)).text();
}

const LOCAL = /localhost:.*?(\d+)/;

test("Vite serves two worktrees at once, each on its own port", async (trees) => {
  const [shop, fix] = [trees.worktree("shop"), trees.worktree("shop-fix")];
  await using one = trees.start(shop, "npm", "run", "dev");
  await using two = trees.start(fix, "npm", "run", "dev");
  const ports = [];
  for (const [server, name] of [[one, "shop"], [two, "shop-fix"]] as const) {
    const [, port = ""] = await server.says(LOCAL);
    assertStringIncludes(await page(port), `<title>${name}</title>`);
    ports.push(Number(port));
  }

  assert(ports[0] !== ports[1]);
  assertEquals(ports, [
    ...await trees.ports(shop, "web"),
    ...await trees.ports(fix, "web"),
  ]);
  // A second one in the same checkout is refused, and does not move on.
  const third = await trees.callIn(shop, "npm", "run", "dev");
  assert(third.status !== 0);
  assertStringIncludes(third.stderr, `port ${ports[0]} of "web" is in use by`);
});

test("Vite's hot reloading has a port of its own", async (trees) => {
  const shop = trees.worktree("shop");
  trees.write("shop/.port-for.toml", MANIFEST);
  trees.write("shop/vite.config.js", CONFIG);
  const script = ["--", "npx", "vite", "--port", "{web}", "--strictPort"];
  await using server = trees.start(shop, "port-for", "--here", ...script);
  const [, port] = await server.says(LOCAL);
  const [web, hmr = 0] = await trees.ports(shop, "web", "hmr");

  assertEquals(Number(port), web);
  // The page's script is told, and there is somebody.
  const client = await fetch(`http://localhost:${web}/@vite/client`);
  assertStringIncludes(await client.text(), `${hmr}`);
  using _connection = await Deno.connect({ hostname: "localhost", port: hmr });
});

/** Listens on the port, and says which one it was. */
const VITEST_TEST = `
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { port } from "./port.js";

test("the port is this worker's own", async () => {
  const server = createServer();
  await new Promise((resolve, reject) =>
    server.on("error", reject).listen(port, "127.0.0.1", resolve));
  writeFileSync("ports/" + process.env.VITEST_POOL_ID, String(port));
  // The other worker has to be there at the same time.
  await expect.poll(() => readdirSync("ports").length, { timeout: 30_000 })
    .toBe(2);
  server.close();
}, 40_000);
`;

test("each worker of Vitest has a port of its own, in every run", async (trees) => {
  const shop = trees.worktree("shop");
  trees.write("shop/port.js", PORT_MODULE);
  for (const name of ["a", "b"]) {
    trees.write(`shop/${name}.test.js`, VITEST_TEST);
  }
  const ports = async () => {
    Deno.mkdirSync(`${shop}/ports`);
    const vitest = ["npx", "vitest", "run", "--maxWorkers=2"];
    await trees.succeed(shop, ...vitest);
    const found = ["1", "2"].map((id) => trees.read(`shop/ports/${id}`));
    Deno.removeSync(`${shop}/ports`, { recursive: true });
    return found.map(Number);
  };
  const first = await ports();

  assert(first[0] !== first[1]);
  assertEquals(await trees.ports(shop, "test-1", "test-2"), first);
  assertEquals(await ports(), first);
});

// It waits without end where something odd is on its port.
const PLAYWRIGHT_TEST = ["timeout", "60", "npx", "playwright", "test"];

test("Playwright tests two worktrees at once, each its own server", async (trees) => {
  const run = async (name: string) => {
    const tree = trees.worktree(name);
    trees.write(`${name}/playwright.config.js`, PLAYWRIGHT);
    trees.write(
      `${name}/page.spec.js`,
      `import { expect, test } from "@playwright/test";
      test("the page is this worktree's", async ({ request, baseURL }) => {
        const page = await (await request.get("/")).text();
        expect(page).toContain("<title>${name}</title>");
        console.log("tested " + baseURL);
      });`,
    );
    const said = await trees.succeed(tree, ...PLAYWRIGHT_TEST);
    const [port] = await trees.ports(tree, "e2e");
    assertStringIncludes(said, `tested http://localhost:${port}`);
    assertStringIncludes(said, "1 passed");
    return port;
  };
  const ports = await Promise.all([run("shop"), run("shop-fix")]);

  assert(ports[0] !== ports[1]);
});

test("Playwright does not test what somebody else left on the port", async (trees) => {
  const shop = trees.worktree("shop");
  trees.write("shop/playwright.config.js", PLAYWRIGHT);
  trees.write("shop/page.spec.js", "throw new Error('it was run');\n");
  const port = await trees.succeed(shop, "port-for", "--here", "e2e");
  await using _other = Deno.serve(
    { hostname: "localhost", port: Number(port), onListen: () => {} },
    () => new Response("somebody else's"),
  );
  const { status, stdout, stderr } = await trees.callIn(
    shop,
    ...PLAYWRIGHT_TEST,
  );

  assert(status !== 0);
  assertStringIncludes(stdout + stderr, "already used");
});
