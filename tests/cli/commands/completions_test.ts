import { assertEquals, assertStringIncludes } from "@std/assert";
import { completions } from "../../../lib/cli/commands/completions.ts";
import { OPTIONS } from "../../../lib/cli/options.ts";
import { runTool, works } from "../../support/program.ts";
import { refused } from "../../support/refused.ts";
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

      const { status, stderr } = await runTool([shell, "-n", script]);
      assertEquals([status, stderr], [0, ""]);
    },
  });
}

Deno.test("completions for another shell are refused, naming those that there are", async () => {
  const named = ['"tcsh"', "bash", "zsh", "fish"];
  await refused("BAD_INPUT", () => completions("tcsh"), ...named);
});
