import {
  binaryName,
  type Engine,
  ENGINES,
  type Target,
  TARGETS,
  targetsOf,
} from "../targets.ts";

/** A binary written by `deno task compile`. */
export interface Build {
  readonly engine: Engine;
  /** The name of the target. */
  readonly name: string;
  readonly target: Target;
  /** The path of the binary. */
  readonly binary: string;
}

/**
 * The builds in a folder.
 *
 * @throws {Error} if there is none.
 */
export async function buildsIn(folder: string): Promise<Build[]> {
  const builds: Build[] = [];
  for (const engine of ENGINES) {
    for (const name of targetsOf(engine)) {
      const binary = `${folder}/${binaryName(engine, name)}`;
      if (await exists(binary)) {
        builds.push({ engine, name, target: TARGETS[name]!, binary });
      }
    }
  }
  if (builds.length > 0) return builds;
  throw new Error(
    `cannot package anything: there is no binary in ${folder} ` +
      `(run deno task compile first)`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
