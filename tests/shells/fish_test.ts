import { assert, assertEquals } from "@std/assert";
import { OPTIONS } from "../../lib/cli/options.ts";
import { portFor, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { testShell } from "./cases.ts";
import { hasTool } from "../support/tools.ts";

testShell("fish");

Deno.test(
  "fish explains each option where it loads the script by itself",
  { ignore: !hasTool("fish", "--version") },
  async () => {
    using temp = new TempFolder();
    const { stdout: script } = await portFor(["--completions", "fish"]);
    Deno.mkdirSync(temp.file("fish/completions"), { recursive: true });
    temp.write("fish/completions/port-for.fish", script);
    Deno.mkdirSync(temp.file("bin"));
    temp.write("bin/port-for", "#!/bin/sh\nexit 1\n");
    Deno.chmodSync(temp.file("bin/port-for"), 0o755);
    const { stdout, stderr } = await runTool(
      ["fish", "-c", "complete -C 'port-for --'"],
      {
        cwd: temp.path,
        env: {
          // It asks the port-for of the PATH, which must not be another's.
          PATH: `${temp.file("bin")}:${Deno.env.get("PATH")}`,
          XDG_CONFIG_HOME: temp.path,
          XDG_RUNTIME_DIR: temp.path,
          HOME: temp.path,
        },
      },
    );
    assertEquals(stderr, "");
    const explained = stdout.trim().split("\n").map((line) => line.split("\t"));
    assertEquals(
      explained.map(([option]) => option).toSorted(),
      OPTIONS.map(({ long }) => `--${long}`).toSorted(),
    );
    for (const [option, text] of explained) {
      assert(text, `${option} without a text`);
    }
  },
);
