import { assertEquals } from "@std/assert";
import { testShell } from "./cases.ts";
import { Shell } from "./shell.ts";
import { hasTerminal } from "../support/terminal.ts";
import { hasTool } from "../support/tools.ts";

testShell("zsh");

Deno.test(
  "zsh completes from the first time on where it loads the script by itself",
  { ignore: !hasTerminal || !hasTool("zsh", "--version") },
  async () => {
    await using shell = new Shell(
      "zsh",
      `mkdir ~/functions
port-for --completions zsh >~/functions/_port-for
fpath=(~/functions $fpath)
compinit -D
`,
    );
    shell.write("store.toml", "[ports]\nweb = 20001\n");
    for (const _ of ["first", "second"]) {
      assertEquals(await shell.words("port-for --get w\t"), ["--get", "web"]);
    }
  },
);
