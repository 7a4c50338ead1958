/**
 * A module of the tests as a program on either engine.
 *
 * @module
 */
import { bunCommand } from "../../scripts/bun.ts";
import { PROJECT } from "./program.ts";
import type { TempFolder } from "./temp.ts";

/** The words that run a module on Deno. */
export function denoProgram(module: string): string[] {
  return [Deno.execPath(), "run", "--quiet", "--allow-all", module];
}

/**
 * The words that run a module on Bun: Deno bundles it into a folder first,
 * because Bun does not know the names that deno.json gives to imports.
 */
export async function bunProgram(
  module: string,
  temp: TempFolder,
): Promise<string[]> {
  const bundle = temp.file("bundle.js");
  await output(Deno.execPath(), [
    "bundle",
    "--quiet",
    `--output=${bundle}`,
    module,
  ]);
  // What runs it may be a script, whose own way to Bun depends on the user.
  const [command, ...args] = await bunCommand();
  const tellPath = [...args, "--print", "process.execPath"];
  const bun = (await output(command!, tellPath)).trim();
  // Bun would keep what it made of the bundle in the home folder.
  return ["env", "BUN_RUNTIME_TRANSPILER_CACHE_PATH=0", bun, bundle];
}

async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: PROJECT,
    stdin: "null",
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`cannot run ${command}: ${new TextDecoder().decode(stderr)}`);
}
