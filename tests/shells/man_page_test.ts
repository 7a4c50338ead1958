import { assert, assertEquals } from "@std/assert";
import { manPage } from "../../scripts/man_page.ts";
import { portFor, PROJECT, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";

Deno.test("the man page explains every option that help lists", async () => {
  const { stdout: help } = await portFor(["--help"]);
  const heads = [
    ...help.matchAll(/^ {2}(-\w, | {4})--([\w-]+)( [A-Z][\w-]*)?/gm),
  ];
  assert(heads.length > 10);
  const page = manPage();
  for (const [, short, long, value] of heads) {
    const names = [short!.replace(/,? *$/, ""), `--${long}`].filter(Boolean);
    const head = names.map((name) => `\\fB${roff(name)}\\fR`).join(", ") +
      (value ? ` \\fI${roff(value.trim())}\\fR` : "");
    assert(page.includes(`\n.TP\n${head}\n`), `${head} is not in ${page}`);
  }
});

Deno.test("deno task man prints the man page, and needs no permission", async () => {
  const { status, stdout, stderr } = await runTool(
    [Deno.execPath(), "task", "--quiet", "man"],
    { cwd: PROJECT, env: { DENO_NO_PROMPT: "1" } },
  );
  assertEquals(stderr, "");
  assertEquals(stdout, manPage());
  assertEquals(status, 0);
});

Deno.test("mandoc finds nothing to say about the man page", {
  ignore: !hasTool("sh", "-c", "command -v mandoc"),
}, async () => {
  using temp = new TempFolder();
  const page = temp.write("port-for.1", manPage());
  const { status, stdout, stderr } = await runTool(["mandoc", "-Tlint", page]);
  assertEquals(stdout + stderr, "");
  assertEquals(status, 0);
});

Deno.test(
  "man renders the man page without warnings, to text that can be copied",
  {
    ignore: !hasTool("man", "--version"),
  },
  async () => {
    using temp = new TempFolder();
    const page = temp.write("port-for.1", manPage());
    const { status, stdout, stderr } = await runTool(
      ["man", "--warnings", "--local-file", page],
      { env: { LC_ALL: "C.UTF-8", MANWIDTH: "200", MAN_KEEP_FORMATTING: "" } },
    );
    assertEquals(stderr, "");
    assertEquals(status, 0);
    for (const text of COPIED) {
      assert(stdout.includes(text), `${text} is not in ${stdout}`);
    }
  },
);

/** What typesetters like to print with characters of their own. */
const COPIED = [
  "--store FILE",
  "/etc/port-for.toml",
  "$PORT_FOR_STORE",
  "~/.local/state/port-for/port-for.toml",
  "25565,27015-27030",
];

/** Hyphens that can be copied. */
function roff(text: string): string {
  return text.replaceAll("-", "\\-");
}
