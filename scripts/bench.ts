/**
 * Measures how fast port-for is, beside others and beside nothing at all, and
 * says which of its targets it meets. Usage: deno task bench --help
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { Bench } from "./bench/bench.ts";
import { BenchFolder } from "./bench/bench_folder.ts";
import { describeMachine } from "./bench/machine.ts";
import { markdown } from "./bench/markdown.ts";
import { PARTS } from "./bench/parts.ts";
import { FULL, QUICK } from "./bench/plan.ts";
import { preliminaries } from "./bench/preliminaries.ts";
import { preparePrograms, PROJECT } from "./bench/programs.ts";
import { type Report, reportText } from "./bench/report.ts";
import type { Result } from "./bench/result.ts";
import { Stopwatch } from "./bench/stopwatch.ts";
import { judge } from "./bench/targets.ts";

const USAGE = `Usage: deno task bench [options]

  --only PART    measure one part (repeatable): ${Object.keys(PARTS).join(", ")}
  --quick        a few runs of small sizes: shows that the bench works
  --npm FOLDER   whose node_modules has the packages of others
                 (default: scripts/bench/others)
  --json FILE    write everything that was measured
  --markdown     print a table for the README instead
  --strict       exit with status 1 where a target is missed

Some of it needs root. All of it takes about fifteen minutes, on a machine that
does nothing else.`;

interface Options {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly npm: string;
}

if (import.meta.main) await main(Deno.args);

async function main(args: string[]): Promise<void> {
  const options = parseArgs(args, {
    string: ["only", "npm", "json"],
    collect: ["only"],
    boolean: ["help", "quick", "markdown", "strict"],
    default: { npm: `${PROJECT}/scripts/bench/others` },
    unknown: (argument: string) => fail(`unknown argument ${argument}`, 2),
  });
  if (options.help) return console.log(USAGE);
  for (const name of options.only) {
    if (!Object.hasOwn(PARTS, name)) fail(`unknown --only ${name}`, 2);
  }
  try {
    const report = await measure(options);
    if (options.json) {
      await Deno.writeTextFile(
        options.json,
        `${JSON.stringify(report, null, 1)}\n`,
      );
    }
    console.log((options.markdown ? markdown : reportText)(report).trimEnd());
    const missed = report.targets.some(({ met }) => met === false);
    if (options.strict && missed) Deno.exit(1);
  } catch (error) {
    fail((error as Error).message, 1);
  }
}

async function measure({ only, quick, npm }: Options): Promise<Report> {
  if (Deno.build.os === "windows") {
    throw new Error("cannot run on Windows (run it on Linux or macOS)");
  }
  using folder = new BenchFolder();
  await using stopwatch = new Stopwatch();
  leaveNothing(folder, stopwatch);
  say("compiling");
  const programs = await preparePrograms(folder.disk);
  const machine = await describeMachine(programs, npm);
  const notes = new Set(preliminaries(programs, folder));
  const bench: Bench = {
    plan: quick ? QUICK : FULL,
    ...{ folder, stopwatch, programs },
    // What is run there does not start out from this folder.
    npm: npm.startsWith("/") ? npm : `${Deno.cwd()}/${npm}`,
    note: (text) => void notes.add(text),
  };
  const results: Result[] = [];
  for (const [name, part] of Object.entries(PARTS)) {
    if (only.length > 0 && !only.includes(name)) continue;
    say(name);
    results.push(...await part(bench));
  }
  return {
    machine,
    quick,
    notes: [...notes],
    results,
    targets: judge(results),
  };
}

/** An interrupted program does not come to the end of its blocks. */
function leaveNothing(folder: BenchFolder, stopwatch: Stopwatch): void {
  for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15]] as const) {
    Deno.addSignalListener(signal, () => {
      stopwatch.end();
      folder[Symbol.dispose]();
      Deno.exit(128 + number);
    });
  }
}

/** Says what is going on, where it does not mix with the results. */
function say(text: string): void {
  console.error(`bench: ${text} ...`);
}

function fail(message: string, status: number): never {
  console.error(`bench: ${message}`);
  if (status === 2) console.error(USAGE);
  Deno.exit(status);
}
