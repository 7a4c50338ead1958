import { bunCommand } from "../bun.ts";
import { runTool } from "./run_tool.ts";

/** The folder of the project. */
export const PROJECT: string = Deno.realPathSync(
  `${import.meta.dirname}/../..`,
);

/** A program that gives names to ports. */
export interface Program {
  /** What it is called in the results. */
  readonly name: string;
  /** The form of its store. */
  readonly store: "toml" | "conf";
  /**
   * The command for a store. With a name alone it prints the name's port, which
   * is associated first where needed.
   */
  command(store: string, ...args: readonly string[]): readonly string[];
}

/** A program that does nothing: what there is to gain. */
export interface Floor {
  readonly name: string;
  readonly words: readonly string[];
}

/** All that is measured as whole processes. */
export interface Programs {
  readonly bunBinary: Program;
  readonly denoSource: Program;
  /** The package, which is a library as well: what `deno run jsr:` runs. */
  readonly denoPackage: Program;
  /** `undefined` where it is not installed. */
  readonly python: Program | undefined;
  readonly floors: readonly Floor[];
  /** Bun itself. */
  readonly bun: string;
}

export const BUN_BINARY = "port-for, Bun binary";
export const DENO_SOURCE = "port-for, Deno from source";
export const DENO_PACKAGE = "port-for, Deno as a package";
export const PYTHON = "port-for, Debian's Python";
export const EMPTY_BUN = "an empty Bun binary";
export const EMPTY_DENO = "an empty Deno program";
const TRUE = "/bin/true";

/** Debian's own Python: only that one sees Debian's packages. */
export const DEBIAN_PYTHON = "/usr/bin/python3";

/** What the command does once it has read its arguments. */
const PYTHON_CODE = "import sys, port_for; " +
  "print(port_for.PortStore(sys.argv[1]).bind_port(sys.argv[2]))";

/** Builds, or finds, all that is measured. */
export async function preparePrograms(folder: string): Promise<Programs> {
  // Not in the project, whose deno.json would have to be read. Of JavaScript,
  // Deno keeps nothing in its cache.
  const empty = `${folder}/empty.js`;
  await Deno.writeTextFile(empty, "export {};\n");
  const bunBinary = await compiled(`${folder}/port-for`);
  const emptyBinary = await compiled(`${folder}/empty`, [
    `--program=${import.meta.dirname}/empty_program.ts`,
  ]);
  return {
    bunBinary: ours(BUN_BINARY, [bunBinary]),
    denoSource: ours(DENO_SOURCE, denoRun(`${PROJECT}/lib/cli/from_source.ts`)),
    denoPackage: ours(DENO_PACKAGE, denoRun(`${PROJECT}/main.ts`)),
    python: await hasPython() ? python() : undefined,
    floors: [
      { name: EMPTY_BUN, words: [emptyBinary] },
      { name: EMPTY_DENO, words: denoRun(empty) },
      { name: TRUE, words: [TRUE] },
    ],
    bun: await bunItself(),
  };
}

/** A Bun binary, made as the releases are. */
async function compiled(
  out: string,
  options: readonly string[] = [],
): Promise<string> {
  await runTool([
    ...[Deno.execPath(), "run", "--quiet", "--allow-all"],
    ...["scripts/compile.ts", "--engine=bun", `--out=${out}`, ...options],
  ], { folder: PROJECT });
  return `${out}/port-for`;
}

function denoRun(module: string): string[] {
  return [Deno.execPath(), "run", "--quiet", "--allow-all", module];
}

/** The command that is Bun may be a script that takes its time to find it. */
async function bunItself(): Promise<string> {
  const command = await bunCommand();
  return (await runTool([...command, "--print", "process.execPath"])).trim();
}

function ours(name: string, words: readonly string[]): Program {
  return {
    name,
    store: "toml",
    command: (store, ...args) => [...words, "--store", store, ...args],
  };
}

function python(): Program {
  return {
    name: PYTHON,
    store: "conf",
    command: (...args) => [DEBIAN_PYTHON, "-c", PYTHON_CODE, ...args],
  };
}

async function hasPython(): Promise<boolean> {
  try {
    await runTool([DEBIAN_PYTHON, "-c", "import port_for"]);
    return true;
  } catch {
    return false;
  }
}
