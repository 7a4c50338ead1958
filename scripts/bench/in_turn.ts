import type { Bench } from "./bench.ts";
import type { Series } from "./result.ts";
import type { Stopwatch, Timing } from "./stopwatch.ts";

/** A process that is run again and again, in turn with others. */
export interface Contender {
  /** What it is called in the results. */
  readonly program: string;
  /** The command of a run. */
  words(run: number): readonly string[];
  /** What has to be done before each run, untimed. */
  prepare?(): void;
  /** What its output has to be like. By default anything. */
  readonly says?: RegExp;
  /** What is taken from a run. By default how long it took, in milliseconds. */
  value?(timing: Timing): number;
  /** What it left behind is counted after each run. */
  countKept?(): number;
  /** Whether it may end with another status than 0. */
  readonly mayFail?: boolean;
  /** Where it runs. By default in the root folder. */
  readonly folder?: string;
  /** What times it. By default the bench's own. */
  readonly stopwatch?: Stopwatch;
  /** How long it may take, in seconds. */
  readonly timeout?: number;
}

/** A line with a port on it, and nothing else. */
export const A_PORT = /^\d{4,5}\n$/;

/**
 * Runs contenders in turn, A B A B, so that what disturbs the machine for a
 * while disturbs all of them.
 */
export async function inTurn(
  bench: Bench,
  contenders: readonly Contender[],
  { runs, warmUps }: { runs: number; warmUps: number } = bench.plan,
): Promise<Series[]> {
  const series = contenders.map(({ program, countKept }) => ({
    program,
    values: [] as number[],
    cpuMs: [] as number[],
    peakKiB: [] as number[],
    ...(countKept ? { kept: [] as number[] } : {}),
  }));
  for (let run = 0; run < warmUps + runs; run++) {
    for (const [at, contender] of contenders.entries()) {
      contender.prepare?.();
      const timing = await timed(bench, contender, run);
      if (run < warmUps) continue;
      const value = contender.value?.(timing) ?? timing.seconds * 1000;
      series[at]!.values.push(value);
      series[at]!.cpuMs.push(timing.cpuSeconds * 1000);
      series[at]!.peakKiB.push(timing.peakKiB);
      if (contender.countKept) series[at]!.kept?.push(contender.countKept());
    }
  }
  return series;
}

async function timed(
  bench: Bench,
  contender: Contender,
  run: number,
): Promise<Timing> {
  const { program, says, mayFail, folder, timeout } = contender;
  const stopwatch = contender.stopwatch ?? bench.stopwatch;
  const timing = await stopwatch.time(contender.words(run), {
    ...(folder === undefined ? {} : { folder }),
    ...(timeout === undefined ? {} : { timeout }),
  });
  const failed = timing.status !== 0 && !mayFail;
  if (failed || (says && !says.test(timing.output))) {
    throw new Error(
      `cannot measure ${program}: it ended with status ${timing.status} and ` +
        `said ${JSON.stringify(timing.output.slice(0, 500))}`,
    );
  }
  return timing;
}
