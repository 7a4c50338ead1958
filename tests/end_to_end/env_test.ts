import { assertEquals, assertStringIncludes } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { runTool, works } from "../support/program.ts";
import { isUnix, StackStore } from "../support/store.ts";

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
old = { port = 2013, expires = 2020-01-01T00:00:00Z }
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

/** Without a registry it gives up soon. */
const NPM_INSTALL = [
  ...["npm", "install", "--silent", "--no-audit", "--no-fund"],
  ...["--fetch-retries=0", "--fetch-timeout=10000"],
];

/** A store with these names, and what `--env` prints of it in a file. */
class Environment extends StackStore {
  static async written(): Promise<Environment> {
    const environment = new Environment();
    environment.fill(STORE);
    environment.write(".env", await environment.print(["--env"]));
    return environment;
  }
}

Deno.test("--env prints the whole store, or the names that are given", async () => {
  using store = new StackStore();
  store.fill(STORE);

  assertEquals(await store.print(["--env"]), LINES);
  assertEquals(
    await store.print(["--env", "example.com/apache", "web", "web"]),
    "EXAMPLE_COM_APACHE_PORT=2002\nWEB_PORT=2001\n",
  );
  assertEquals(
    await store.print(["--env", "--get", "web", "--get", "2nd"]),
    "WEB_PORT=2001\n_2ND_PORT=2007\n",
  );
});

Deno.test("--env associates the names that have no port yet, but for --get", async () => {
  using store = new StackStore();
  const line = await store.print(["--env", "my.web"]);

  assertEquals(line, `MY_WEB_PORT=${await store.print(["my.web"])}`);
  const { status, stdout } = await store.call(["--env", "--get", "db"]);
  assertEquals([status, stdout], [1, ""]);
});

Deno.test("--env of a store without names prints nothing", async () => {
  using store = new StackStore();

  assertEquals(await store.print(["--env"]), "");
  assertEquals(store.names(), []);
});

for (const shell of ["sh", "bash", "dash", "zsh", "ksh", "busybox"]) {
  const words = shell === "busybox" ? [shell, "sh"] : [shell];
  Deno.test({
    name: `${shell} reads what --env prints: by eval, and as a file`,
    ignore: !isUnix || !works(...words, "-c", "true"),
    fn: async () => {
      using environment = await Environment.written();
      const print = VARIABLES
        .map(([name]) => `echo "${name}=$${name}"`).join("\n");
      for (
        const script of [
          `eval "$(cat .env)"\n${print}`,
          `. ./.env\n${print}`,
          `set -a\n. ./.env\nenv | grep -c '_PORT=20[01]'`,
        ]
      ) {
        const { status, stdout, stderr } = await runTool(
          [...words, "-euc", script],
          { cwd: environment.path },
        );

        assertEquals([status, stderr], [0, ""]);
        assertEquals(
          stdout,
          script.includes("set -a") ? `${VARIABLES.length}\n` : LINES,
        );
      }
      assertEquals(environment.names(), [".env", "ports.toml"]);
    },
  });
}

Deno.test({
  name: "env takes what --env prints as its arguments",
  ignore: !isUnix,
  fn: async () => {
    using environment = await Environment.written();
    const { stdout } = await runTool(
      ["sh", "-c", "env -i $(cat .env) env"],
      { cwd: environment.path },
    );

    assertEquals(stdout, LINES);
  },
});

Deno.test({
  name: "the npm package dotenv reads what --env prints",
  ignore: !isUnix || !hasTool("npm", "--version"),
  fn: async (t) => {
    using environment = await Environment.written();
    const options = {
      cwd: environment.path,
      env: { HOME: environment.path },
    };
    environment.write("package.json", "{}");
    const { status } = await runTool(
      [...NPM_INSTALL, "dotenv@17"],
      options,
    );
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

Deno.test("two names of one spelling are an error that names both, and change nothing", async () => {
  using store = new StackStore();
  const { status, stdout, stderr } = await store.call([
    "--env",
    "db",
    "my.web",
    "my-web",
  ]);

  assertEquals([status, stdout], [1, ""]);
  for (const part of ['"my.web"', '"my-web"', "MY_WEB_PORT"]) {
    assertStringIncludes(stderr, part);
  }
  assertEquals(store.names(), []);
});

Deno.test("two names of one spelling in the store are one only for who asks for both", async () => {
  using store = new StackStore();
  store.fill("[ports]\nweb = 2001\nWEB = 2002\n");

  assertEquals(await store.print(["--env", "web"]), "WEB_PORT=2001\n");
  assertEquals(await store.print(["--env", "WEB"]), "WEB_PORT=2002\n");
  for (const args of [["--env"], ["--env", "--get=web", "--get=WEB"]]) {
    const { status, stdout, stderr } = await store.call(args);

    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, '"web" and "WEB"');
  }
});
