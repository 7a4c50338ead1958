/** How much is measured. */
export interface Plan {
  /** Runs of each program that count. */
  readonly runs: number;
  /** Runs before them, which fill caches and do not count. */
  readonly warmUps: number;
  /** How many names a store has. */
  readonly storeSizes: readonly number[];
  /** How many ports of the machine are in use. */
  readonly portsInUse: readonly number[];
  /** Associations by so many processes, and how often that is repeated. */
  readonly crowds: readonly { processes: number; runs: number }[];
  /** How long a library is called again and again, in milliseconds. */
  readonly callingMs: number;
}

/** What takes minutes, and is worth reading. */
export const FULL: Plan = {
  runs: 25,
  warmUps: 3,
  storeSizes: [10, 100, 1_000, 10_000, 40_000],
  portsInUse: [0, 100, 1_000, 10_000],
  crowds: [{ processes: 100, runs: 5 }, { processes: 1_000, runs: 3 }],
  callingMs: 250,
};

/** What shows in seconds that the bench works, and nothing else. */
export const QUICK: Plan = {
  runs: 2,
  warmUps: 1,
  storeSizes: [10, 100],
  portsInUse: [0, 100],
  crowds: [{ processes: 20, runs: 1 }],
  callingMs: 20,
};
