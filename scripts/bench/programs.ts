import type { Row } from "./table.ts";

/** The project's folder. */
export const PROJECT: string = Deno.realPathSync(
  `${import.meta.dirname}/../..`,
);

/** What all parts of the benchmark need. */
export interface Bench {
  /** A temporary folder on a disk, for stores and other files. */
  readonly folder: string;
  /** Whether to make only a few runs with small sizes. */
  readonly quick: boolean;
  readonly programs: Awaited<ReturnType<typeof compiledPrograms>>;
}

/** A command, or its first words. */
export type Words = readonly string[];

/** Does what Debian's Python port-for does, but with any store. */
const PYTHON_PROGRAM = `import sys, port_for
print(port_for.PortStore(sys.argv[1]).bind_port(sys.argv[2]))
`;

const LEAST_ASSOCIATION = "scripts/bench/least_association.ts";

/** Compiles or writes all programs that are timed as whole processes. */
export async function compiledPrograms(folder: string) {
  const empty = `${folder}/empty.js`;
  Deno.writeTextFileSync(empty, "export {};\n");
  const python = `${folder}/port_for_python.py`;
  Deno.writeTextFileSync(python, PYTHON_PROGRAM);
  const programs = {
    bunBinary: await bunBinary(folder, "lib/cli/bun_binary.ts"),
    fromSource: denoRun(`${PROJECT}/lib/cli/from_source.ts`),
    mainModule: denoRun(`${PROJECT}/main.ts`),
    // Only Debian's own Python finds Debian's packages.
    python: ["/usr/bin/python3", python],
    emptyBunBinary: await bunBinary(folder, empty),
    emptyDenoProgram: denoRun(empty),
    leastAssociation: await bunBinary(folder, LEAST_ASSOCIATION),
  };
  // Writing 300 MB to the disk would slow down what is timed first.
  await output(["sync", "--file-system", folder]);
  return programs;
}

/** Compiles a Bun binary like those of releases. */
async function bunBinary(folder: string, program: string): Promise<Words> {
  const out = Deno.makeTempDirSync({ dir: folder });
  await output([
    ...[Deno.execPath(), "run", "--quiet", "--allow-all"],
    ...["scripts/compile.ts", "--engine=bun", `--out=${out}`],
    `--program=${program}`,
  ], PROJECT);
  return [`${out}/port-for`];
}

function denoRun(module: string): Words {
  return [Deno.execPath(), "run", "--quiet", "--allow-all", module];
}

/** Aborts what is running. */
export const interruption = new AbortController();

/**
 * Runs a command and waits for it.
 *
 * @param cwd Where to run it. By default outside of the project, because Deno
 * would read its deno.json for any program.
 * @returns Its standard output.
 * @throws {Error} if it cannot be run or fails.
 */
export async function output(
  [command, ...args]: Words,
  cwd: string = "/",
): Promise<string> {
  const env = { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const { success, stdout, stderr } = await new Deno.Command(command!, {
    ...{ args, cwd, env },
    stdin: "null",
    signal: interruption.signal,
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  const why = new TextDecoder().decode(stderr);
  throw new Error(`cannot run ${[command, ...args].join(" ")}: ${why}`);
}

/** A command to time. */
export interface Timed extends Row {
  readonly words: Words;
  /** A command to run before each timed run. */
  readonly prepare?: Words;
}

/** The result of hyperfine: the median, in milliseconds. */
export interface Timing extends Timed {
  readonly value: number;
  /** The mean CPU time of it and its children. */
  readonly cpuSeconds: number;
  /** Whether all runs ended with status 0. */
  readonly success: boolean;
}

/** Times whole processes. */
export async function hyperfine(
  { folder }: Bench,
  commands: readonly Timed[],
  ...options: Words
): Promise<Timing[]> {
  const file = `${folder}/hyperfine.json`;
  // A command before each run makes its first steps slower.
  const needsPreparing = commands.some(({ prepare }) => prepare);
  await output([
    // When aborted, timeout also ends everything that hyperfine has started.
    ...["timeout", "10m", "hyperfine", "--shell=none", "--style=none"],
    ...[`--export-json=${file}`, ...options],
    ...commands.flatMap(({ words, prepare = ["true"] }) => [
      ...(needsPreparing ? [`--prepare=${commandLine(prepare)}`] : []),
      commandLine(words),
    ]),
  ]);
  const { results } = JSON.parse(Deno.readTextFileSync(file));
  return commands.map((command, at) => ({
    ...command,
    ...{ value: results[at].median * 1000, unit: "ms" },
    cpuSeconds: results[at].user + results[at].system,
    success: results[at].exit_codes.every((status: number) => status === 0),
  }));
}

/** Quotes words for hyperfine, which splits a line as a shell does. */
function commandLine(words: Words): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
