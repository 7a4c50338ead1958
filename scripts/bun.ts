/** The version that npx brings where there is no bun on the machine. */
const BUN_VERSION = "1.4.5";

/**
 * The command that is Bun, as words: the machine's own, or by way of npx.
 *
 * @throws {Error} where there is neither.
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
