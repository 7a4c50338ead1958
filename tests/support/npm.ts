/**
 * Programs from npm that a test file runs: installed for it alone, and gone with
 * it. Outside of CI only what npm has cached is used, so that no test waits for
 * the network or needs it.
 *
 * @module
 */
import { environment, runTool } from "./program.ts";
import { TempFolder } from "./temp.ts";

/**
 * Installs packages, without running scripts of theirs.
 *
 * @param packages Each with its version.
 * @returns The folder that has them in its `node_modules`; `undefined` where
 * they cannot be had, and nobody says that they have to be.
 */
export async function npmPackages(
  ...packages: readonly string[]
): Promise<string | undefined> {
  const temp = new TempFolder();
  globalThis.addEventListener("unload", () => temp[Symbol.dispose]());
  const isCi = Deno.env.get("CI") === "true";
  const how = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
  const { status, stderr } = await npm(
    ...["install", "--prefix", temp.path, ...how],
    ...[isCi ? "--prefer-offline" : "--offline", ...packages],
  );
  if (status === 0) return temp.path;
  if (isCi) throw new Error(`cannot install ${packages}: ${stderr}`);
  return undefined;
}

/** A call of npm with the person's own settings, where its cache is too. */
async function npm(
  ...args: readonly string[]
): Promise<{ status: number; stderr: string }> {
  const { HOME, ...own } = Deno.env.toObject();
  try {
    return await runTool(["npm", ...args], {
      cwd: "/",
      env: { ...environment(own), HOME },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { status: 127, stderr: "there is no npm" };
  }
}
