import { assertEquals } from "@std/assert";
import { runTool, works } from "../support/program.ts";
import { LONG_AGO, Store, unixTest as test } from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

/** Names that a shell, or a reader of `.env` files, could stumble over. */
const STORE = `[ports]
web = 2001
"example.com/apache" = 2002
"$(touch pwned)\`touch pwned\`" = 2003
"a b" = 2004
"x=y # z" = 2005
"'" = 2006
"2nd" = 2007
"größe" = 2008
"export" = 2009
block = { port = 2010, count = 3 }
old = { port = 2013, expires = ${LONG_AGO} }
`;

/** What they are in the environment, in the store's order. */
const VARIABLES: readonly (readonly [name: string, port: string])[] = [
  ["WEB_PORT", "2001"],
  ["EXAMPLE_COM_APACHE_PORT", "2002"],
  ["__TOUCH_PWNED__TOUCH_PWNED__PORT", "2003"],
  ["A_B_PORT", "2004"],
  ["X_Y___Z_PORT", "2005"],
  ["__PORT", "2006"],
  ["_2ND_PORT", "2007"],
  ["GR_SSE_PORT", "2008"],
  ["EXPORT_PORT", "2009"],
  ["BLOCK_PORT", "2010"],
];

const LINES = VARIABLES.map((pair) => `${pair.join("=")}\n`).join("");

Deno.test("--env prints the whole store, or the names that are given", async () => {
  using store = new Store(STORE);
  for (
    const [args, expected] of [
      [[], LINES],
      [
        ["example.com/apache", "web", "web"],
        "EXAMPLE_COM_APACHE_PORT=2002\nWEB_PORT=2001\n",
      ],
      [["--get", "web", "--get", "2nd"], "WEB_PORT=2001\n_2ND_PORT=2007\n"],
    ] as const
  ) {
    assertEquals(await store.print("--env", ...args), expected);
  }
});

Deno.test("--env associates the names that have no port yet, but for --get", async () => {
  using store = new Store();
  assertEquals(await store.print("--env"), "");
  await store.refuses(["--env", "--get", "db"], 1, '"db"');
  assertEquals(store.names(), []);

  const line = await store.print("--env", "my.web");
  assertEquals(line, `MY_WEB_PORT=${await store.print("--get", "my.web")}`);
});

Deno.test("two names of one spelling are an error for who asks for both", async () => {
  using none = new Store();
  const parts = ['"my.web"', '"my-web"', "MY_WEB_PORT"];
  await none.refuses(["--env", "db", "my.web", "my-web"], 1, ...parts);
  assertEquals(none.names(), []);

  using store = new Store("[ports]\nweb = 2001\nWEB = 2002\n");
  assertEquals(await store.print("--env", "web"), "WEB_PORT=2001\n");
  assertEquals(await store.print("--env", "WEB"), "WEB_PORT=2002\n");
  for (const args of [["--env"], ["--env", "--get=web", "--get=WEB"]]) {
    await store.refuses(args, 1, '"web"', '"WEB"');
  }
});

test("shells read what --env prints: by eval, as a file, as arguments", async () => {
  using store = new Store(STORE);
  store.write(".env", await store.print("--env"));
  const printed = VARIABLES.map(([name]) => `echo "${name}=$${name}"`).join(
    "\n",
  );
  const shells = [["sh"], ["bash"], ["dash"], ["zsh"], ["ksh"], [
    "busybox",
    "sh",
  ]]
    .filter((shell) => works(...shell, "-c", "true"));

  for (const shell of shells) {
    for (
      const [script, expected] of [
        [`eval "$(cat .env)"\n${printed}`, LINES],
        [`. ./.env\n${printed}`, LINES],
        ["set -a\n. ./.env\nenv | grep -c '_PORT=20[01]'", "10\n"],
        ["env -i $(cat .env | tr '\\n' ' ') env", LINES],
      ] as const
    ) {
      // zsh splits nothing into arguments by itself.
      if (shell[0] === "zsh" && script.startsWith("env")) continue;
      assertEquals(
        await runTool([...shell, "-euc", script], { cwd: store.path }),
        { status: 0, stdout: expected, stderr: "" },
        `${shell}: ${script}`,
      );
    }
  }
  assertEquals(store.names(), [".env", "ports.toml"]);
});

/** Without a registry it gives up soon. */
const NPM_INSTALL = [
  ...["npm", "install", "--silent", "--no-audit", "--no-fund"],
  ...["--fetch-retries=0", "--fetch-timeout=10000"],
];

Deno.test({
  name: "the npm package dotenv reads what --env prints",
  ignore: Deno.build.os === "windows" || !hasTool("npm", "--version"),
  fn: async (t) => {
    using store = new Store(STORE);
    store.write(".env", await store.print("--env"));
    store.write("package.json", "{}");
    const options = { cwd: store.path, env: { HOME: store.path } };
    const { status } = await runTool([...NPM_INSTALL, "dotenv@17"], options);
    await t.step({
      // Without a registry there is nothing to compare with.
      name: "as its parse function does",
      ignore: status !== 0,
      fn: async () => {
        const { stdout } = await runTool([
          "node",
          "-e",
          'const text = require("fs").readFileSync(".env");' +
          'console.log(JSON.stringify(require("dotenv").parse(text)))',
        ], options);
        assertEquals(JSON.parse(stdout), Object.fromEntries(VARIABLES));
      },
    });
  },
});
