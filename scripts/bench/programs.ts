import type { Row } from "./table.ts";

/** The folder of the project. */
export const PROJECT: string = Deno.realPathSync(
  `${import.meta.dirname}/../..`,
);

/** What the parts of the benchmark work with. */
export interface Bench {
  /** A folder on a disk, for stores and whatever else is needed. */
  readonly folder: string;
  /** Whether few runs and small sizes are enough. */
  readonly quick: boolean;
  readonly programs: Awaited<ReturnType<typeof compiledPrograms>>;
}

/** A command, or the beginning of one. */
export type Words = readonly string[];

/** What Debian's Python port-for does, with a store that may be anywhere. */
const PYTHON_PROGRAM = `import sys, port_for
print(port_for.PortStore(sys.argv[1]).bind_port(sys.argv[2]))
`;

const LEAST_ASSOCIATION = "scripts/bench/least_association.ts";

/** Compiles, or writes, all that is timed as a whole process. */
export async function compiledPrograms(folder: string) {
  const empty = `${folder}/empty.js`;
  Deno.writeTextFileSync(empty, "export {};\n");
  const python = `${folder}/port_for_python.py`;
  Deno.writeTextFileSync(python, PYTHON_PROGRAM);
  return {
    bunBinary: await bunBinary(folder, "lib/cli/bun_binary.ts"),
    fromSource: denoRun(`${PROJECT}/lib/cli/from_source.ts`),
    mainModule: denoRun(`${PROJECT}/main.ts`),
    // Only Debian's own Python sees Debian's packages.
    python: ["/usr/bin/python3", python],
    emptyBunBinary: await bunBinary(folder, empty),
    emptyDenoProgram: denoRun(empty),
    leastAssociation: await bunBinary(folder, LEAST_ASSOCIATION),
  };
}

/** A Bun binary, made as the releases are. */
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

/** Ends what is running. */
export const interruption = new AbortController();

/**
 * Runs a command to its end.
 *
 * @param cwd Where to run it. By default away from the project, whose deno.json
 * Deno would read for any program.
 * @returns Its standard output.
 * @throws {Error} where it cannot be run, or fails.
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

/** A command that is timed. */
export interface Timed extends Row {
  readonly words: Words;
  /** What is run before each run, untimed. */
  readonly prepare?: Words;
}

/** What hyperfine found: the median, in milliseconds. */
export interface Timing extends Timed {
  readonly value: number;
  /** The mean of what it and its children used of the processors. */
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
  await output([
    // When it is ended, timeout ends all that hyperfine has started too.
    ...["timeout", "10m", "hyperfine", "--shell=none", "--style=none"],
    ...[`--export-json=${file}`, ...options],
    ...commands.flatMap(({ words, prepare = ["true"] }) => [
      ...[`--prepare=${commandLine(prepare)}`, commandLine(words)],
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

/** Words as a line that hyperfine takes apart again as a shell does. */
function commandLine(words: Words): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
