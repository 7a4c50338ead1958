import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { completions } from "../../lib/cli/completions.ts";
import { OPTIONS } from "../../lib/cli/options.ts";
import { PortForError } from "../../lib/error.ts";
import { runTool, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

for (const shell of ["bash", "zsh", "fish"]) {
  Deno.test(`the completions for ${shell} know every option`, () => {
    const script = completions(shell);
    for (const { long, short } of OPTIONS) {
      const fish = shell === "fish";
      assertStringIncludes(script, fish ? ` -l ${long} ` : `--${long}`);
      if (short) {
        assertStringIncludes(script, fish ? ` -s ${short} ` : `-${short}`);
      }
    }
  });

  Deno.test({
    name: `the completions for ${shell} are a script that it can read`,
    ignore: !works(shell, "-c", "true"),
    fn: async () => {
      using temp = new TempFolder();
      const script = temp.write("script", completions(shell));

      assertEquals(await runTool([shell, "-n", script]), {
        status: 0,
        stdout: "",
        stderr: "",
      });
    },
  });
}

Deno.test("completions for another shell are refused, naming those that there are", () => {
  const error: PortForError = assertThrows(
    () => completions("tcsh"),
    PortForError,
    '"tcsh"',
  );
  assertEquals(error.code, "BAD_INPUT");
  for (const shell of ["bash", "zsh", "fish"]) {
    assertStringIncludes(error.message, shell);
  }
});

/** What bash offers for the last word of a line, with a `port-for` of ours. */
async function offered(words: readonly string[]): Promise<string[]> {
  using temp = new TempFolder();
  const script = temp.write("script", completions("bash"));
  temp.write(
    "port-for",
    "#!/bin/sh\necho called: \"$@\" >&2\nprintf '%s\\n' 'web: 1' 'a b: 2-5'\n",
  );
  Deno.chmodSync(temp.file("port-for"), 0o755);
  const test = 'source "$1"; shift; COMP_WORDS=("$@"); ' +
    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); " +
    '_port_for "$1" "${COMP_WORDS[COMP_CWORD]}" ' +
    '"${COMP_WORDS[COMP_CWORD - 1]}"; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout } = await runTool([
    ...["bash", "-c", test, "bash", script, temp.file("port-for"), ...words],
  ]);
  return stdout.trimEnd().split("\n");
}

Deno.test({
  name: "bash offers names where names belong, and options behind a hyphen",
  ignore: !works("bash", "-c", "true"),
  fn: async () => {
    assertEquals(await offered([""]), ["web", "a\\ b"]);
    assertEquals(await offered(["w"]), ["web"]);
    assertEquals(await offered(["--get", ""]), ["web", "a\\ b"]);
    assertEquals(await offered(["--completions", "z"]), ["zsh"]);
    assert((await offered(["--un"])).includes("--unbind"));
  },
});
