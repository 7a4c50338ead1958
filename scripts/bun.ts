/** The version to run with npx if Bun is not installed. */
const BUN_VERSION = "1.4.5";

/**
 * The words of a command that runs Bun: the installed one, or with npx.
 *
 * @throws {Error} if there is neither.
 */
export async function bunCommand(): Promise<string[]> {
  for (const command of [["bun"], ["npx", "-y", `bun@${BUN_VERSION}`]]) {
    try {
      const [program, ...args] = [...command, "--version"];
      const { success } = await new Deno.Command(program!, {
        args,
        stdin: "null",
      }).output();
      if (success) return command;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(
    "cannot find Bun: there is neither bun nor npx (install either)",
  );
}
