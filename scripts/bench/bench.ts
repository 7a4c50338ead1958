import type { BenchFolder } from "./bench_folder.ts";
import type { Plan } from "./plan.ts";
import type { Programs } from "./programs.ts";
import type { Result } from "./result.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** What the parts of the bench work with. */
export interface Bench {
  readonly plan: Plan;
  readonly folder: BenchFolder;
  readonly stopwatch: Stopwatch;
  readonly programs: Programs;
  /** The folder that has the packages of others in its node_modules. */
  readonly npm: string;
  /** Notes what a reader of the results has to know. */
  note(text: string): void;
}

/** A part of the bench. */
export type Part = (bench: Bench) => Promise<Result[]>;
