import { assertEquals } from "@std/assert";
import { OPTIONS } from "../../lib/cli/options.ts";
import { portFor, PROGRAM, runTool } from "../support/program.ts";
import { testShell } from "./cases.ts";
import { hasTool } from "../support/tools.ts";

testShell("bash");

Deno.test(
  "bash offers every option, long and short, behind a hyphen",
  { ignore: !hasTool("bash", "--version") },
  async () => {
    assertEquals(
      await offered(["port-for", "-"]),
      OPTIONS.flatMap(({ long, short }) => [
        ...(short === undefined ? [] : [`-${short}`]),
        `--${long}`,
      ]).toSorted(),
    );
  },
);

/** What the function offers that bash was told to call, sorted. */
async function offered(words: readonly string[]): Promise<string[]> {
  const { stdout: script } = await portFor(["--completions", "bash"]);
  const { stdout, stderr } = await runTool([
    ...["bash", "--norc", "-c", CALL_COMPLETION, "bash", script],
    ...[PROGRAM.map((word) => `'${word}'`).join(" "), ...words],
  ]);
  assertEquals(stderr, "");
  return stdout.trim().split("\n").toSorted();
}

/** Calls the function as bash does when the key is pressed. */
const CALL_COMPLETION = `
eval "$1"
eval "port-for() { $2 \\"\\$@\\"; }"
COMP_WORDS=("\${@:3}")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
COMP_LINE="\${COMP_WORDS[*]}"
COMP_POINT=\${#COMP_LINE}
COMP_TYPE=9
function=$(complete -p port-for)
function=\${function#*-F }
COMPREPLY=()
"\${function%% *}" port-for "\${COMP_WORDS[-1]}" "\${COMP_WORDS[-2]}"
printf '%s\\n' "\${COMPREPLY[@]}"
`;
