/**
 * Measures how fast port-for is, compared with other programs and with the bare
 * minimum, and whether it meets its targets. Usage: deno task bench --help
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { calls } from "./bench/calls.ts";
import { crowd } from "./bench/crowd.ts";
import { fleet } from "./bench/fleet.ts";
import { association, command, growth, lookup } from "./bench/processes.ts";
import {
  type Bench,
  compiledPrograms,
  interruption,
} from "./bench/programs.ts";
import { isMissed, markdown, type Row } from "./bench/table.ts";

const PARTS: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  lookup,
  association,
  command,
  growth,
  calls,
  crowd,
  fleet,
};

const USAGE = `Usage: deno task bench [options]

  --only PART  measure one part (repeatable): ${Object.keys(PARTS).join(", ")}
  --quick      few runs and small sizes: shows that the benchmark works
  --strict     exit with status 1 if a target is missed
  --help       print this

Prints a Markdown table. hyperfine times whole processes, deno bench what runs
inside one. It takes about three minutes; nothing else should be running.
It runs on Linux, with the programs that scripts/test_tools.sh installs.`;

interface Options {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly strict: boolean;
  readonly help: boolean;
}

if (import.meta.main) await main(Deno.args);

async function main(args: string[]): Promise<void> {
  const { only, quick, strict, help }: Options = parseArgs(args, {
    string: ["only"],
    collect: ["only"],
    boolean: ["help", "quick", "strict"],
    unknown: (argument: string) => refuse(`unknown argument ${argument}`),
  });
  if (help) return console.log(USAGE);
  const unknown = only.find((part) => !Object.hasOwn(PARTS, part));
  if (unknown !== undefined) refuse(`unknown --only ${unknown}`);
  const parts = only.length > 0 ? only : Object.keys(PARTS);
  try {
    const rows = await measure(parts, quick);
    console.log(markdown(rows));
    if (strict && rows.some(isMissed)) Deno.exitCode = 1;
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    Deno.exitCode = 1;
  }
}

async function measure(parts: readonly string[], quick: boolean) {
  // Unlike /tmp, this is hardly ever a tmpfs, where flushing costs nothing.
  const dir = "/var/tmp";
  const prefix = `port-for-bench-${Deno.pid}-`;
  const folder = Deno.makeTempDirSync({ dir, prefix });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }
  try {
    const bench = { folder, quick, programs: await compiledPrograms(folder) };
    const rows: Row[] = [];
    for (const part of parts) {
      console.error(`bench: ${part} ...`);
      rows.push(...await PARTS[part]!(bench));
    }
    return rows;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function refuse(message: string): never {
  console.error(`bench: ${message}\n${USAGE}`);
  Deno.exit(2);
}
