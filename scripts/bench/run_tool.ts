/**
 * Runs a command to its end, unmeasured. Returns its standard output.
 *
 * @throws {Error} where it cannot be run, or ends with another status than 0.
 */
export async function runTool(
  [command, ...args]: readonly string[],
  { folder = "/" }: { folder?: string } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command!, {
    args,
    cwd: folder,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(
    `cannot run ${command} ${args.join(" ")}: ` +
      (decoder.decode(stderr) + decoder.decode(stdout)).trim(),
  );
}
