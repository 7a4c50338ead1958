import { PROJECT, runTool, works } from "./program.ts";

/** Whether this is root, on Linux. */
export const isRoot: boolean = Deno.build.os === "linux" && Deno.uid() === 0;

/**
 * What makes a network namespace: root as it is, others within a user namespace
 * in which they may change the network, and are who they were.
 */
export const UNSHARE: readonly string[] = isRoot
  ? ["unshare", "--net"]
  : ["unshare", "--map-current-user", "--keep-caps", "--net"];

/**
 * Whether to run tests that need a network namespace. In CI they run in any
 * case: better to fail there than to be left out unseen.
 */
export const hasNamespaces: boolean = Deno.build.os === "linux" &&
  (Deno.env.has("CI") || works(...UNSHARE, "true"));

/**
 * Runs a module in a network namespace of its own: nothing listens there, not
 * even the loopback device is up, and sysctls changed there change nowhere
 * else. Returns the value that the module's last line prints as JSON.
 *
 * @param setUp Shell commands to run there first.
 * @param code The module. It imports the project's files by `projectFile`.
 */
export async function inNamespace(
  setUp: string,
  code: string,
): Promise<unknown> {
  const script = `set -e; ${setUp}\nexec "$@"`;
  const { status, stdout, stderr } = await runTool([
    ...UNSHARE,
    ...["sh", "-c", script, "sh"],
    ...[Deno.execPath(), "eval", "--quiet", code],
  ]);
  if (status !== 0) throw new Error(`cannot run in a namespace: ${stderr}`);
  return JSON.parse(stdout);
}

/** How a module that runs elsewhere imports a file of the project. */
export function projectFile(path: string): string {
  return JSON.stringify(`file://${PROJECT}/${path}`);
}
