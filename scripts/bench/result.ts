/** What was measured of one program, a value for each run. */
export interface Series {
  /** What ran: the program, or the size that was given to it. */
  readonly program: string;
  /** The values, in the unit of the result, in the order of the runs. */
  readonly values: readonly number[];
  /** What each run used of the processors, in milliseconds. */
  readonly cpuMs: readonly number[];
  /** The most memory that each run had at once. */
  readonly peakKiB: readonly number[];
  /** How many associations were still there after each run. */
  readonly kept?: readonly number[];
}

/** Programs that did the same thing in turn. */
export interface Result {
  /** What targets find it by. */
  readonly id: string;
  /** What was done. */
  readonly title: string;
  /** What the values are in. */
  readonly unit: string;
  /** The program that the others are compared with. */
  readonly base: string;
  /** One for each program. */
  readonly series: readonly Series[];
}

/** A program's series; `undefined` where it was left out. */
export function seriesOf(
  results: readonly Result[],
  id: string,
  program: string,
): Series | undefined {
  return results.find((result) => result.id === id)?.series
    .find((series) => series.program === program);
}
