import { assertStringIncludes } from "@std/assert";
import { Kitchen, recipe } from "../support/recipe.ts";
import { hasTool } from "../support/tools.ts";

const [BASH = "", ZSH = "", FISH = ""] = recipe("completions");

/** What makes the shells load them, and say what they would complete. */
const SHELLS = [
  ["bash", ".bashrc", BASH, ["-ic", "complete -p port-for"], "port-for"],
  ["zsh", ".zshrc", ZSH, ["-ic", "print $_comps[port-for]"], "_port_for"],
] as const;

for (const [shell, file, block, words, says] of SHELLS) {
  Deno.test({
    name: `${shell} has completions after its lines`,
    ignore: Deno.build.os === "windows" || !hasTool(shell, "--version"),
    fn: async () => {
      using kitchen = new Kitchen();
      kitchen.write(`home/${file}`, block);
      assertStringIncludes(await kitchen.print(shell, ...words), says);
    },
  });
}

Deno.test({
  name: "fish has completions after its line",
  ignore: Deno.build.os === "windows" || !hasTool("fish", "--version"),
  fn: async () => {
    using kitchen = new Kitchen();
    const folder = kitchen.file("home/.config/fish/completions");
    Deno.mkdirSync(folder, { recursive: true });
    await kitchen.print("fish", "-c", FISH);
    const asked = 'complete -C "port-for --lis"';
    assertStringIncludes(await kitchen.print("fish", "-c", asked), "--list");
  },
});
