import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { completions } from "../../../lib/cli/commands/completions.ts";
import { OPTIONS } from "../../../lib/cli/options.ts";
import { PortForError } from "../../../lib/error.ts";
import { runTool, works } from "../../support/program.ts";
import { TempFolder } from "../../support/temp.ts";

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
