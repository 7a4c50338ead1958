import { assertEquals } from "@std/assert";
import { OPTIONS } from "../../lib/cli/options.ts";
import { Shell, type ShellName } from "./shell.ts";
import { hasTerminal } from "../support/terminal.ts";
import { hasTool } from "../support/tools.ts";

/** Defines the test that every shell must pass. */
export function testShell(name: ShellName): void {
  const ignore = !hasTerminal || !hasTool(name, "--version");
  Deno.test(`${name} completes port-for`, { ignore }, async (t) => {
    await using shell = new Shell(name);
    for (const [title, run] of Object.entries(CASES)) {
      await t.step(title, async (t) => {
        shell.clear();
        await run(shell, t);
      });
    }
  });
}

/** Names that mean something to a shell: a start to type, and the rest. */
const NAMES: readonly (readonly [start: string, rest: string])[] = [
  ["space ", "in it"],
  ["apostrophe'", "s"],
  ['quote"', 'd"'],
  ["ends", " in'"],
  ["dollar$", "HOME"],
  ["run$(", "touch pwned)"],
  ["back`", "touch pwned`"],
  ["semi;", "touch pwned|x>pwned&"],
  ["slash\\", "n\\"],
  ["colon:", "web"],
  ["equals=", "b"],
  ["at@", "host"],
  ["glob*", "[x]?"],
  ["brace{", "a,b}"],
  ["bang!", "!x"],
  ["🚀 ", "rocket"],
  ["example.com/", "apache: 5"],
  ["~", "tilde"],
  ["#", "hash"],
  ["'", "quoted'"],
];

/** All the names. */
const ALL = NAMES.map(([start, rest]) => start + rest);

/** A file whose path means something to a shell. */
const ODD_FILE = "an other/it's [x]*$y.toml";

/** What is typed behind `port-for`, and the words that it must come to. */
type Line = readonly [typed: string, words: readonly string[]];

/** What a shell does. Each step is what is typed, or the name that is meant. */
const CASES: Record<
  string,
  (shell: Shell, t: Deno.TestContext) => Promise<void>
> = {
  async "every option"(shell, t) {
    await steps(
      t,
      shell,
      OPTIONS.map(({ long }) => [`--${long.slice(0, -1)}\t`, [`--${long}`]]),
    );
  },

  async "names, to words that are read as those names"(shell, t) {
    shell.write("store.toml", toml(ALL));
    for (const name of ALL) {
      const start = /^[a-z🚀]+/u.exec(name)?.[0];
      if (start === undefined) continue;
      await t.step(name, async () => {
        const words = await shell.words(`port-for --get ${start}\t`);
        assertEquals(words, ["--get", name]);
      });
    }
    assertEquals(shell.files(), ["store.toml"]);
  },

  async "names that were begun with backslashes"(shell, t) {
    shell.write("store.toml", toml(ALL));
    await beginnings(
      t,
      shell,
      (start) => start.replace(/[^a-z🚀./:=@]/gu, "\\$&"),
    );
    assertEquals(shell.files(), ["store.toml"]);
  },

  async "names that were begun in double quotes"(shell, t) {
    shell.write("store.toml", toml(ALL));
    // fish alone takes a backslash before a backquote for itself.
    const special = shell.name === "fish" ? /["$\\]/g : /["$`\\]/g;
    await beginnings(t, shell, (start) =>
      // Shells look there for their history behind a !.
      // bash takes a quote in there, escaped or not, for the end of the word.
      start.includes("!") || shell.name === "bash" && start.includes('"')
        ? undefined
        : `"${start.replace(special, "\\$&")}`);
    assertEquals(shell.files(), ["store.toml"]);
  },

  async "names that were begun in single quotes"(shell, t) {
    shell.write("store.toml", toml(ALL));
    await beginnings(t, shell, (start) =>
      // Nothing within single quotes can end in one; fish has a way.
      start === "ends" && shell.name === "bash"
        ? undefined
        // fish alone has a way to write these there.
        : /['\\]/.test(start)
        ? undefined
        : `'${start}`);
    assertEquals(shell.files(), ["store.toml"]);
  },

  async "names that share a beginning"(shell, t) {
    // fish shows a menu instead, to choose from.
    if (shell.name === "fish") return;
    shell.write("store.toml", toml(["my app", "my api"]));
    await steps(t, shell, [
      ["m\ti\t", ["my api"]],
      ["m\tp\t", ["my app"]],
      ['"m\ti\t', ["my api"]],
    ]);
  },

  async "names wherever a name belongs"(shell, t) {
    shell.write("store.toml", toml(["web", "my app"]));
    await steps(t, shell, [
      ["w\t", ["web"]],
      ["w\t m\t", ["web", "my app"]],
      ["-b w\t", ["-b", "web"]],
      ["--bind w\t", ["--bind", "web"]],
      ["--bind=w\t", ["--bind=web"]],
      ["-u w\t", ["-u", "web"]],
      ["--unbind w\t -u m\t", ["--unbind", "web", "-u", "my app"]],
      ["--unbind=m\t", ["--unbind=my app"]],
      ["-g w\t", ["-g", "web"]],
      ["--get w\t", ["--get", "web"]],
      ["--get=m\t", ["--get=my app"]],
      ["--json w\t", ["--json", "web"]],
      ["--port 80 w\t", ["--port", "80", "web"]],
      ["w\t --js\t", ["web", "--json"]],
    ]);
  },

  async "nothing where no name belongs"(shell, t) {
    shell.write("store.toml", toml(["web", "4711"]));
    await steps(t, shell, [
      ["--port 4\t", ["--port", "4"]],
      ["-p 4\t", ["-p", "4"]],
      ["--range w\t", ["--range", "w"]],
      ["--wait w\t", ["--wait", "w"]],
      ["x\t", ["x"]],
    ]);
  },

  async "names of the store that the line names"(shell, t) {
    shell.write("store.toml", toml(["web"]));
    shell.write("a:b.toml", toml(["colon"]));
    shell.write("c=d.toml", toml(["equals"]));
    shell.write(ODD_FILE, toml(["quoted"]));
    shell.write("~/mine.toml", toml(["tilde"]));
    const mine = `${shell.home}/mine.toml`;
    await steps(t, shell, [
      ["--store a:b.toml c\t", ["--store", "a:b.toml", "colon"]],
      ["--store=a:b.toml c\t", ["--store=a:b.toml", "colon"]],
      ["--store c=d.toml e\t", ["--store", "c=d.toml", "equals"]],
      ["--store=c=d.toml e\t", ["--store=c=d.toml", "equals"]],
      [
        "--store an\\ other/it\\'s\\ \\[x\\]\\*\\$y.toml -u q\t",
        ["--store", ODD_FILE, "-u", "quoted"],
      ],
      [
        `--store "an other/it's [x]*\\$y.toml" -u q\t`,
        ["--store", ODD_FILE, "-u", "quoted"],
      ],
      ["--store ~/mine.toml t\t", ["--store", mine, "tilde"]],
      [`--store ${mine} t\t`, ["--store", mine, "tilde"]],
      ["--store none.toml w\t", ["--store", "none.toml", "w"]],
      ["w\t", ["web"]],
    ]);
  },

  async "names of the user's own store"(shell, t) {
    shell.write("store.toml", toml(["web"]));
    shell.write("~/.local/state/port-for/port-for.toml", toml(["mine"]));
    // It goes before --user.
    await shell.words(
      shell.name === "fish" ? "set -e PORT_FOR_STORE" : "unset PORT_FOR_STORE",
    );
    await steps(t, shell, [["--user -g m\t", ["--user", "-g", "mine"]]]);
    await shell.words(
      shell.name === "fish"
        ? "set -gx PORT_FOR_STORE store.toml"
        : "export PORT_FOR_STORE=store.toml",
    );
    await steps(t, shell, [["w\t", ["web"]]]);
  },

  async "names of the current directory"(shell, t) {
    const entry = (name: string, port: number) =>
      `${JSON.stringify(`${shell.folder}/${name}`)} = { port = ${port}, ` +
      `directory = ${JSON.stringify(shell.folder)} }\n`;
    shell.write(
      "store.toml",
      `[ports]\n${entry("local", 20_001)}${entry("my app", 20_002)}` +
        "elsewhere = 20003\n",
    );
    await steps(t, shell, [
      ["--here l\t", ["--here", "local"]],
      ["--here -u m\t", ["--here", "-u", "my app"]],
      ["--here e\t", ["--here", "e"]],
    ]);
  },

  async "the name of a block"(shell, t) {
    shell.write("store.toml", "[ports]\nblock = { port = 25100, count = 4 }\n");
    await steps(t, shell, [["b\t", ["block"]]]);
  },

  async "files where a file belongs"(shell, t) {
    shell.write("store.toml", toml(["alpha", "beta"]));
    shell.write("blue.toml", "");
    shell.write(ODD_FILE, "");
    shell.write("~/mine.toml", "");
    await steps(t, shell, [
      ["--store b\t w", ["--store", "blue.toml", "w"]],
      ["--store=b\t w", ["--store=blue.toml", "w"]],
      ["--store ./b\t", ["--store", "./blue.toml"]],
      // A folder is no end of a word.
      ["--store an\tit\t w", ["--store", ODD_FILE, "w"]],
      ["--store an\\ other/\t w", ["--store", ODD_FILE, "w"]],
      ['--store "an other/it\t w', ["--store", ODD_FILE, "w"]],
      ["--store ~/mi\t w", ["--store", `${shell.home}/mine.toml`, "w"]],
      ["--import b\t", ["--import", "blue.toml"]],
    ]);
  },

  async "shells where a shell belongs"(shell, t) {
    await steps(t, shell, [
      ["--completions f\t", ["--completions", "fish"]],
      ["--completions=f\t", ["--completions=fish"]],
    ]);
  },

  async "a command behind --, and no names"(shell, t) {
    shell.write("store.toml", toml(["./command-of-mine"]));
    shell.write("command-to-run", "");
    shell.write("argument.txt", "");
    Deno.chmodSync(`${shell.folder}/command-to-run`, 0o755);
    await steps(t, shell, [
      ["x -- ./comm\t", ["x", "--", "./command-to-run"]],
      ["x -- ls arg\t", ["x", "--", "ls", "argument.txt"]],
    ]);
  },

  async "names that the program on the line knows"(shell, t) {
    // fish calls the one in the PATH.
    if (shell.name === "fish") return;
    shell.write("store.toml", toml(["web"]));
    await shell.words("SAVED=$PATH; PATH=${PATH#*:}");
    for (const program of ["../bin/port-for", "~/../bin/port-for"]) {
      await t.step(program, async () => {
        const words = await shell.words(`${program} --get w\t`);
        assertEquals(words, ["--get", "web"]);
      });
    }
    await shell.words("PATH=$SAVED");
  },

  async "nothing, and quietly, where the store cannot be read"(shell, t) {
    shell.write("store.toml", "no TOML at all");
    await steps(t, shell, [["--get w\t", ["--get", "w"]]]);
  },
};

async function steps(
  t: Deno.TestContext,
  shell: Shell,
  lines: readonly Line[],
): Promise<void> {
  for (const [typed, words] of lines) {
    await t.step(JSON.stringify(typed), async () => {
      assertEquals(await shell.words(`port-for ${typed}`), words);
    });
  }
}

/** Types the beginning of each name as `typed` has it, where it has one. */
async function beginnings(
  t: Deno.TestContext,
  shell: Shell,
  typed: (start: string) => string | undefined,
): Promise<void> {
  for (const [start, rest] of NAMES) {
    const keys = typed(start);
    // Whatever fish completes, it takes a * for more than that.
    const unknown = shell.name === "fish" && start.includes("*");
    if (keys === undefined || unknown) continue;
    await t.step(start + rest, async () => {
      const words = await shell.words(`port-for --get ${keys}\t`);
      assertEquals(words, ["--get", start + rest]);
    });
  }
}

function toml(names: readonly string[]): string {
  return "[ports]\n" +
    names.map((name, index) => `${JSON.stringify(name)} = ${20_001 + index}\n`)
      .join("");
}
