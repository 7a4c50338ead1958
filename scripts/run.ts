/**
 * Runs a command and waits for it.
 *
 * @returns Its standard output.
 * @throws {Error} if it does not exist or does not exit with status 0.
 */
export async function run(
  [command, ...args]: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env"> = {},
): Promise<string> {
  const { success, stdout, stderr } = await output(command!, args, options);
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(
    `cannot run ${command} ${args.join(" ")}:\n` +
      decoder.decode(stderr) + decoder.decode(stdout),
  );
}

async function output(
  command: string,
  args: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env">,
): Promise<Deno.CommandOutput> {
  try {
    return await new Deno.Command(command, {
      ...options,
      args: [...args],
      stdin: "null",
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `cannot run ${command}: there is no such program (install it)`,
    );
  }
}
