import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isRoot } from "../support/namespace.ts";
import { asUser, NOBODY, runTool } from "../support/program.ts";
import { Projects } from "../support/projects.ts";
import {
  assertRefused,
  networkTest,
  unixTest as test,
} from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

const SHOP = `[names]
web = { prefer = 3000 }
db = {}
jobs = { count = 4 }
dns = { udp = true, range = "20000-20999" }
tmp = { ttl = "1h" }

[env]
PGPORT = "{db}"
DATABASE_URL = "postgres://localhost:{db}/shop"
QUEUES = "{jobs.0},{jobs.3}"
BOTH = "{web}-{db}"
`;

networkTest(
  "one call gives a checkout all its ports, from any folder in it",
  async () => {
    using home = new Projects();
    const shop = home.checkout("shop", SHOP);
    const deep = home.folder("shop/packages/web/src");
    const ports = await home.ports(deep);

    assertEquals(Object.keys(ports), ["web", "db", "jobs", "dns", "tmp"]);
    const { web, db, jobs, dns } = ports;
    assertEquals(web, 3000);
    const [first = 0] = jobs as number[];
    assertEquals(jobs, [first, first + 1, first + 2, first + 3]);
    assert(/^20\d{3}$/.test(`${dns}`), `${dns}`);
    assertEquals(await home.ports(shop), ports);
    assertEquals(await home.print(home.folder("shop/db"), "db"), `${db}\n`);
    const lines = Object.values(ports).flat().map((port) => `${port}\n`).join(
      "",
    );
    assertEquals(await home.print(shop), lines);
    const stored = home.read(home.store.slice(home.path.length + 1));
    assertStringIncludes(stored, "expires = ");
  },
);

networkTest(
  "variables are those of the names, and the manifest's own",
  async () => {
    using home = new Projects();
    const shop = home.checkout("shop", SHOP);
    const { web, db, jobs, dns, tmp } = await home.ports(shop);
    const [first, , , last] = jobs as number[];
    const expected = {
      WEB_PORT: web,
      DB_PORT: db,
      JOBS_PORT: first,
      DNS_PORT: dns,
      TMP_PORT: tmp,
      PGPORT: db,
      DATABASE_URL: `postgres://localhost:${db}/shop`,
      QUEUES: `${first},${last}`,
      BOTH: `${web}-${db}`,
    };
    const lines = Object.entries(expected).map(([name, value]) =>
      `${name}=${value}\n`
    ).join("");

    assertEquals(await home.print(shop, "--env"), lines);
    const names = Object.keys(expected).join("|");
    const show = ["--", "sh", "-c", `env | grep -E "^(PORT|${names})=" | sort`];
    const sorted = [`PORT=${web}\n`, ...lines.match(/.*\n/g)!].sort().join("");
    assertEquals(await home.print(shop, ...show), sorted);
    // Of some names alone it is what is made of these.
    assertEquals(
      await home.print(shop, "--env", "db"),
      `DB_PORT=${db}\nPGPORT=${db}\nDATABASE_URL=postgres://localhost:${db}/shop\n`,
    );
  },
);

networkTest(
  "the first checkout gets the port that it prefers, the next another",
  async () => {
    using home = new Projects();
    const manifest = "[names]\nweb = { prefer = 3000 }\n";
    const [one, two] = [
      home.checkout("one", manifest),
      home.checkout("two", manifest),
    ];

    assertEquals((await home.ports(one)).web, 3000);
    const { web } = await home.ports(two);
    assert(web !== 3000);
    // And each keeps what it has, with nothing to complain about.
    await home.print(one, "--unbind=web");
    assertEquals((await home.ports(two)).web, web);
    assertEquals((await home.ports(one)).web, 3000);
    assertEquals(await home.print(one, "--check"), "no problem found\n");
  },
);

networkTest(
  "a preferred port that somebody listens on is passed over",
  async (network) => {
    using home = new Projects();
    const shop = home.checkout("shop", "[names]\nweb = { prefer = 3000 }\n");
    await network.hold({ port: 3000, how: "listening" });

    assert((await home.ports(shop)).web !== 3000);
  },
);

test("a manifest is all or nothing", async () => {
  using home = new Projects();
  const shop = home.checkout("shop");
  for (
    const [manifest, status, ...parts] of [
      ['web = {}\nold = { range = "80" }\n', 1, 'the range 80 of "old"'],
      ["web = {}\ndb = { port = 1 }\n", 1, "line 3", '"port"'],
      ["a-b = {}\nx = {}\na_b = {}\n", 1, "A_B_PORT"],
    ] as const
  ) {
    home.manifest("shop", `[names]\n${manifest}`);
    assertRefused(await home.call(shop, "--env"), status, ...parts);
    const list = await home.call(shop, "--list");
    assertEquals([list.status, list.stdout], [0, ""]);
  }
});

test("a manifest without names gives nothing, and runs nothing", async () => {
  using home = new Projects();
  const shop = home.checkout("shop", "# soon\n");

  assertEquals(await home.print(shop), "");
  assertEquals(await home.print(shop, "--json"), "{}\n");
  const run = await home.call(shop, "--", "echo", "ran");
  assertRefused(run, 1, `${shop}/.port-for.toml`, "[names]");
});

test("a manifest further down is refused, and both places are named", async () => {
  using home = new Projects();
  const shop = home.checkout("shop", "[names]\nweb = {}\n");
  home.folder("shop/packages/web");
  const lower = home.manifest("shop/packages/web", "[names]\nweb = {}\n");

  const call = await home.call(home.file("shop/packages/web"), "--list");
  assertRefused(call, 1, lower, `${shop}/.port-for.toml`);
  assertEquals(home.names().includes(".local"), false);
});

test("options of the call come before the wishes of the manifest", async () => {
  using home = new Projects();
  const shop = home.checkout("shop", "[names]\nweb = { count = 2 }\n");

  const { web } = await home.ports(shop, "--count=3", "web");
  assertEquals((web as number[]).length, 3);
});

test("two worktrees have the same names and other ports", async () => {
  using home = new Projects();
  const shop = home.checkout("shop", SHOP);
  // As git makes one, whether or not that is there.
  const fix = home.folder("shop-fix");
  home.write("shop-fix/.git", `gitdir: ${shop}/.git/worktrees/shop-fix\n`);
  home.manifest("shop-fix", SHOP);
  const [ours, theirs] = [
    await home.ports(home.folder("shop/src")),
    await home.ports(home.folder("shop-fix/src")),
  ];

  assertEquals(Object.keys(theirs), Object.keys(ours));
  const all = [ours, theirs].flatMap((ports) => Object.values(ports).flat());
  assertEquals(new Set(all).size, all.length);
  assertStringIncludes(await home.print(fix, "--list"), `${fix}/web: `);
  assert(!(await home.print(fix, "--list")).includes(`${shop}/`));
});

test("a checkout inside another shares no name with it", async () => {
  using home = new Projects();
  const shop = home.checkout("shop", '[names]\n"lib/web" = {}\n');
  const lib = home.checkout("shop/lib");
  await home.print(shop);

  // Both are spelt like this in the store.
  const name = `"${lib}/web"`;
  assertRefused(await home.call(lib, "web"), 1, name, `"${shop}"`);
  await home.print(shop, "--unbind=lib/web");
  await home.print(lib, "web");
  assertRefused(await home.call(shop), 1, name, `"${lib}"`);
});

test("a hook's variables lead nowhere else", async () => {
  using home = new Projects();
  const shop = home.checkout("shop", "[names]\nweb = {}\n");
  const other = home.checkout("other", "[names]\nother = {}\n");
  const ports = await home.print(shop);
  const env = {
    GIT_DIR: `${other}/.git`,
    GIT_WORK_TREE: other,
    GIT_INDEX_FILE: `${other}/.git/index`,
    GIT_PREFIX: "src/",
  };

  const hook = await home.callWith({ cwd: shop, env }, "--here");
  assertEquals([hook.stdout, hook.stderr], [ports, ""]);
});

Deno.test({
  name: "git itself, from a hook of a commit, finds the worktree's ports",
  ignore: Deno.build.os === "windows" || !hasTool("git", "--version"),
  fn: async () => {
    using home = new Projects();
    const git = async (cwd: string, ...words: string[]) => {
      const { status, stderr } = await runTool(
        ["git", "-c", "user.name=Me", "-c", "user.email=me@e.org", ...words],
        { cwd, env: { HOME: home.path, GIT_CONFIG_NOSYSTEM: "1" } },
      );
      assertEquals(status, 0, stderr);
    };
    const shop = home.folder("shop");
    await git(shop, "init", "-q");
    home.manifest("shop", "[names]\nweb = {}\n");
    await git(shop, "add", ".");
    await git(shop, "commit", "-qm", "One");
    await git(shop, "worktree", "add", "-q", "../fix");
    const fix = home.file("fix");
    const expected = await home.print(fix);
    assert(expected !== await home.print(shop));
    // What a hook runs with is kept, and looked at afterwards.
    const hook = home.write(
      "shop/.git/hooks/pre-commit",
      `#!/bin/sh\nenv | grep ^GIT_ > '${home.file("variables")}'\npwd\n`,
    );
    Deno.chmodSync(hook, 0o755);
    await git(fix, "commit", "-q", "--allow-empty", "-m", "Two");
    const env = Object.fromEntries(
      home.read("variables").trimEnd().split("\n").map((line) =>
        line.split(/=(.*)/s).slice(0, 2)
      ),
    );
    assert("GIT_INDEX_FILE" in env);

    const { stdout } = await home.callWith({ cwd: fix, env }, "--here");
    assertEquals(stdout, expected);
  },
});

test("fifty first calls at once over ten checkouts have fifty ports", async () => {
  using home = new Projects();
  const checkouts = Array.from(
    { length: 10 },
    (_, at) => home.checkout(`shop${at}`, "[names]\nweb = {}\ndb = {}\n"),
  );
  const names = ["web", "db", "a", "b", "c"];
  const calls = checkouts.flatMap((shop) =>
    names.map((name) => home.print(shop, name))
  );
  const ports = (await Promise.all(calls)).map(Number);

  assertEquals(new Set(ports).size, 50);
  const again = await Promise.all(
    checkouts.map((shop) => home.print(shop, ...names)),
  );
  assertEquals(again.join(""), ports.map((port) => `${port}\n`).join(""));
});

test("the user's own store it is, unless the call or the environment says else", async () => {
  using home = new Projects();
  const shop = home.checkout("shop");
  const elsewhere = home.file("elsewhere.toml");
  const env = { PORT_FOR_STORE: elsewhere };
  const port = await home.print(shop, "web");
  assertEquals(home.names().includes("elsewhere.toml"), false);

  const call = (env: Record<string, string>, ...args: string[]) =>
    home.callWith({ cwd: shop, env }, ...args);
  await call(env, "--here", "other");
  assertStringIncludes(home.read("elsewhere.toml"), `"${shop}/other"`);
  // A command line beats the environment.
  const user = await call(env, "--user", "--here", "--get=web");
  assertEquals(user.stdout, port);
  const given = await call(env, "--store", home.store, "--here", "--get=web");
  assertEquals(given.stdout, port);
});

Deno.test({
  name: "two people who share a folder have ports of their own",
  ignore: !isRoot || !hasTool("setpriv", "--version"),
  fn: async () => {
    using temp = new Projects();
    const shop = temp.checkout("shop", "[names]\nweb = {}\n");
    const as = async (user: number) => {
      const home = temp.folder(`home${user}`);
      Deno.chownSync(home, user, user);
      const options = await asUser(user, temp);
      return {
        call: (...args: string[]) =>
          temp.callWith({
            ...options,
            cwd: shop,
            env: { ...options.env, HOME: home },
          }, ...args),
        home,
      };
    };
    const [alice, bob] = [await as(NOBODY), await as(NOBODY - 1)];
    // The checkout is root's, and so is its manifest: both may use it.
    const ports = [alice, bob].map(async ({ call, home }) => {
      const { status, stdout, stderr } = await call("--here");
      assertEquals([status, stderr], [0, ""]);
      Deno.statSync(`${home}/.local/state/port-for/port-for.toml`);
      return stdout;
    });
    const [first, second] = await Promise.all(ports);
    assert(first !== second, first);
    // One that a third person put there is nobody's to trust.
    Deno.chownSync(`${shop}/.port-for.toml`, 1234, 1234);
    assertRefused(await alice.call("--here"), 1, "1234", ".port-for.toml");
  },
});

test("one resolver serves them all: --list, --status, --get, --unbind, --check", async () => {
  using home = new Projects();
  const shop = home.checkout("shop", "[names]\nweb = {}\ndb = {}\n");
  home.checkout("other", "[names]\nweb = {}\n");
  const src = home.folder("shop/src");
  const { web, db } = await home.ports(src);
  await home.print(home.file("other"));

  assertEquals(
    await home.print(src, "--list"),
    `${shop}/web: ${web}\n${shop}/db: ${db}\n`,
  );
  assertEquals(await home.print(src, "--get=web"), `${web}\n`);
  assertEquals(await home.print(src, "--get=db", "--env"), `DB_PORT=${db}\n`);
  const status = await home.print(src, "--status");
  assertStringIncludes(
    status,
    `store: ${home.store}, for ${shop} (by its .git)`,
  );
  assert(!status.includes("other/web"));
  const explained = await home.call(src, "--explain=web");
  assertStringIncludes(explained.stdout, `${web}: good and free`);
  assertEquals(await home.print(src, "--check"), "no problem found\n");
  await home.print(src, "--unbind=web");
  assertEquals(await home.print(src, "--list"), `${shop}/db: ${db}\n`);
  assertRefused(
    await home.call(src, "--get=web"),
    1,
    `${shop}/web`,
    home.store,
  );
  // Where there is nothing yet, it says where that is, and what to do.
  const empty = home.checkout("empty");
  const { stderr } = await home.call(empty, "--status");
  for (const part of [home.store, empty, ".git", "port-for --here NAME"]) {
    assertStringIncludes(stderr, part);
  }
});

test("names that were made for a folder are found from there, and told of", async () => {
  using home = new Projects();
  const shop = home.checkout("shop");
  const src = home.folder("shop/src");
  await home.print(shop, "db");
  const older = `"${src}/web" = { port = 29500, directory = "${src}" }\n`;
  const text = Deno.readTextFileSync(home.store);
  Deno.writeTextFileSync(home.store, text + older);

  assertEquals(await home.print(src, "web"), "29500\n");
  assert(await home.print(shop, "web") !== "29500\n");
  const { stdout } = await home.call(shop, "--check");
  assertStringIncludes(stdout, `note: "${src}/web"`);
  await home.print(src, "--unbind=web");
  assertEquals(await home.print(src, "web"), await home.print(shop, "web"));
});
