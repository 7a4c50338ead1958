import { assertEquals } from "@std/assert";
import { thisMachine } from "../../scripts/targets.ts";
import { type Outcome, PROJECT, runTool } from "../support/program.ts";
import type { TempFolder } from "../support/temp.ts";

/** What Deno, and a download of Bun, need. */
const OWN_CACHES = { HOME: Deno.env.get("HOME"), NO_COLOR: "1" };

/** Runs a task of the project. */
export function task(...args: string[]): Promise<Outcome> {
  return runTool([Deno.execPath(), "task", "--quiet", ...args], {
    cwd: PROJECT,
    env: OWN_CACHES,
  });
}

/** Binaries with what was made of them. */
export interface Packaged {
  /** Where they are, and the folders `release`, `npm` and `image`. */
  readonly dist: string;
  /** This machine's binary. */
  readonly binary: string;
}

/**
 * Compiles with Bun, and packages in one way.
 *
 * @param others Further targets, for which a line of text plays the binary.
 */
export async function packaged(
  temp: TempFolder,
  kind: string,
  others: readonly string[] = [],
): Promise<Packaged> {
  const dist = temp.file("dist");
  await succeeds("compile", "--engine", "bun", "--out", dist);
  for (const target of others) {
    Deno.writeTextFileSync(`${dist}/port-for-bun-${target}`, `${target}\n`);
  }
  await succeeds("package", "--dist", dist, "--only", kind, "--level", "1");
  return { dist, binary: `${dist}/port-for-bun-${thisMachine()}` };
}

async function succeeds(...args: string[]): Promise<void> {
  const { status, stderr } = await task(...args);
  assertEquals(status, 0, stderr);
}

/**
 * A folder in which a binary that was stripped, and so is the bare engine, runs
 * the script `web` instead of giving that name a port.
 */
export function trap(temp: TempFolder): string {
  const folder = temp.file("trap");
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(
    `${folder}/package.json`,
    '{ "scripts": { "web": "echo stripped" } }',
  );
  return folder;
}

/** Fails unless a command gives a port to the name `web`, from in the trap. */
export async function assertGivesPort(
  words: readonly string[],
  temp: TempFolder,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const outcome = await runTool([...words, "web"], {
    cwd: trap(temp),
    env: { ...env, PORT_FOR_STORE: temp.file("trap.toml") },
  });
  const port = /^web = (\d+)$/m.exec(temp.read("trap.toml"))?.[1];
  assertEquals(outcome, { status: 0, stdout: `${port}\n`, stderr: "" });
}
