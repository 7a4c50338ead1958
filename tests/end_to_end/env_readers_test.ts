/**
 * What `--env` prints, read by the programs that read such files: they all see
 * the same values, and run nothing.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { valueProblem } from "../../lib/toml/variables.ts";
import { npmPackages } from "../support/npm.ts";
import { runTool, works } from "../support/program.ts";
import { Projects } from "../support/projects.ts";
import { unixTest as test } from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

const packages = await npmPackages(
  "dotenv@18.0.10",
  "dotenv-expand@1000.0.0",
  "@next/env@16.4.6",
);

/** Reads environment.d with what also reads `EnvironmentFile=`. */
const SYSTEMD = "/usr/lib/systemd/user-environment-generators/" +
  "30-systemd-environment-d-generator";

/** What reads such a file. */
interface Reader {
  /** What is called, to see whether it is there. */
  readonly tool: readonly string[];
  /**
   * What prints the variables as JSON.
   *
   * @param file The path of the file, which is called `.env`.
   * @param names What is in it.
   */
  readonly words: (file: string, names: readonly string[]) => string[];
  /** Whether it takes quotes for a part of the value. */
  readonly seesQuotes?: true;
  /** A package that it takes. */
  readonly needs?: "npm";
}

/** Prints what the environment has of the variables. */
const PRINT = "process.stdout.write(JSON.stringify(Object.fromEntries(" +
  "Object.entries(process.env).filter(([name]) => /^V\\d+$/.test(name)))))";

/** A shell that reads the file, and hands what it sees on. */
function shell(...words: string[]): Reader {
  return {
    tool: [...words, "-c", "true"],
    words: (file) => [
      ...[...words, "-c", 'set -a; . "$0"; exec node -e "$1"'],
      ...[file, PRINT],
    ],
  };
}

/** Node with one of the packages, which says what it reads. */
function node(script: string): Reader {
  return {
    tool: ["node", "--version"],
    needs: "npm",
    words: (file) => [
      ...["node", "-e"],
      `const read = require("fs").readFileSync(${JSON.stringify(file)}, "utf8");
      const folder = ${JSON.stringify(file.replace(/\/[^/]*$/, ""))};
      const from = (name) =>
        require(${JSON.stringify(`${packages}/node_modules/`)} + name);
      ${script}
      process.stdout.write(JSON.stringify(values));`,
    ],
  };
}

const READERS: Readonly<Record<string, Reader>> = {
  bash: shell("bash"),
  "bash as sh": shell("bash", "--posix"),
  dash: shell("dash"),
  zsh: shell("zsh"),
  busybox: shell("busybox", "sh"),
  eval: {
    tool: ["sh", "-c", "true"],
    words: (file) => [
      ...["sh", "-c", 'set -a; eval "$(cat "$0")"; exec node -e "$1"'],
      ...[file, PRINT],
    ],
  },
  node: {
    tool: ["node", "--version"],
    words: (file) => ["node", `--env-file=${file}`, "-e", PRINT],
  },
  bun: {
    tool: ["bun", "--version"],
    words: (file) => ["bun", `--env-file=${file}`, "-e", PRINT],
  },
  deno: {
    tool: ["deno", "--version"],
    words: (file) => ["deno", "eval", `--env-file=${file}`, PRINT],
  },
  "npm's dotenv": node(`const values = from("dotenv").parse(read);`),
  "npm's dotenv-expand": node(
    `const values = from("dotenv-expand").expand(
      { processEnv: {}, parsed: from("dotenv").parse(read) }).parsed;`,
  ),
  "Next's loader": node(
    `const values = from("@next/env").loadEnvConfig(
      folder, true, { info() {}, error() {} }).combinedEnv;`,
  ),
  "Python's dotenv": {
    tool: ["/usr/bin/python3", "-c", "import dotenv"],
    words: (file) => [
      ...["/usr/bin/python3", "-c"],
      "import dotenv, json, sys\n" +
      "print(json.dumps(dotenv.dotenv_values(sys.argv[1])))",
      file,
    ],
  },
  direnv: {
    tool: ["direnv", "version"],
    words: (file) => ["direnv", "dotenv", "json", file],
  },
  foreman: {
    tool: ["foreman", "version"],
    words: (file) => ["foreman", "run", "-e", file, "node", "-e", PRINT],
  },
  systemd: {
    tool: ["test", "-x", SYSTEMD],
    words: (file) => [
      ...["sh", "-euc"],
      `mkdir -p "$0.d/environment.d"; cp "$0" "$0.d/environment.d/x.conf"
      set -a; eval "$(XDG_CONFIG_HOME="$0.d" ${SYSTEMD} | grep ^V)"
      exec node -e "$1"`,
      ...[file, PRINT],
    ],
  },
  make: {
    tool: ["make", "--version"],
    seesQuotes: true,
    words: (file) => [
      ...["sh", "-euc"],
      `printf 'include %s\\nexport\\nall:; @exec node -e "$$PRINT"\\n' "$0" |
      PRINT="$1" exec make --silent -f -`,
      ...[file, PRINT],
    ],
  },
};

/** Characters that mean something to some reader, and some that do not. */
const PIECES = [
  ..."abZ09_.,:/@%+-!*?[]^=~#&|;<>()'\" \\é世🎉".split(/(?:)/u),
  ...["{{", "}}", "{web}", " #", "; touch mark;", "\\n", "\\\\", "%d", ":="],
  ...["#!", "&&touch mark", "|touch mark", ">mark", "<(touch mark)", "\\x41"],
];

/** Values of all kinds that a manifest may set. */
function randomValues(count: number): string[] {
  const value = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 })
    .map((pieces) => pieces.join("") + "{web}")
    .chain((value) => fc.constantFrom(value, `${value}!`, `{web}${value}`))
    .filter((value) =>
      valueProblem(value) === undefined && balanced.test(value)
    );
  return fc.sample(value, { numRuns: count, seed });
}

/** What is left of a template without its braces and ports. */
const balanced = /^(?:\{\{|\}\}|\{web\}|[^{}])*$/u;

const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;

test("every reader sees the values that --env writes, and runs nothing", async () => {
  using home = new Projects();
  const values = randomValues(300);
  const names = values.map((_, at) => `V${at}`);
  const shop = home.checkout(
    "shop",
    `[names]\nweb = {}\n[env]\n${
      values.map((value, at) => `V${at} = ${JSON.stringify(value)}\n`).join("")
    }`,
  );
  const port = (await home.print(shop)).trimEnd();
  const { status, stdout } = await home.call(shop, "--env");
  assertEquals(status, 0);
  const expected = values.map((value) =>
    value.replaceAll("{web}", port)
      .replaceAll("{{", "{").replaceAll("}}", "}")
  );
  const file = home.write("shop/.env", stdout);
  const lines = stdout.split("\n").slice(1);
  let readers = 0;
  for (
    const [name, { tool, words, seesQuotes, needs }] of Object.entries(READERS)
  ) {
    if (needs ? !packages : !hasReader(tool)) continue;
    readers++;
    const { status, stdout, stderr } = await runTool(words(file, names), {
      cwd: shop,
      env: { HOME: home.path, LANG: "C.UTF-8" },
    });
    assertEquals(status, 0, `${name}: ${stderr}`);
    const seen = JSON.parse(stdout);
    for (const [at, value] of expected.entries()) {
      const isQuoted = lines[at] !== `V${at}=${value}`;
      if (seesQuotes && isQuoted) continue;
      assertEquals(
        seen[`V${at}`],
        value,
        `${name}, ${lines[at]}, seed ${seed}`,
      );
    }
    // Nothing was run, and nothing written.
    const there = [...Deno.readDirSync(shop)].map(({ name }) => name);
    assertEquals(there.includes("mark"), false, `${name}, seed ${seed}`);
  }
  // Those that are on every machine of a developer.
  assertEquals(readers > 5, true, `${readers}`);
});

/** A tool that a package brings counts as any other. */
function hasReader(tool: readonly string[]): boolean {
  return tool[0] === "test" ? works(...tool) : hasTool(...tool);
}
