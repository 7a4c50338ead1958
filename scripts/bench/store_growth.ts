import type { Bench } from "./bench.ts";
import { A_PORT, type Contender, inTurn } from "./in_turn.ts";
import type { Result } from "./result.ts";
import { someNameOf, storeText, writeStore } from "./stores.ts";

/** What is done in each store. */
interface Task {
  readonly id: string;
  readonly title: string;
  /** Whether it changes the store, which then has to be put right again. */
  readonly changes: boolean;
  readonly says: RegExp;
  args(names: number, run: number): readonly string[];
}

const TASKS: readonly Task[] = [
  {
    id: "lookup-among",
    title: "Lookup",
    changes: false,
    says: A_PORT,
    args: (names) => [someNameOf(names)],
  },
  {
    id: "association-among",
    title: "Association",
    changes: true,
    says: A_PORT,
    args: (_, run) => [`web${run}`],
  },
  {
    id: "list-of",
    title: "--list",
    changes: false,
    says: /: \d+\n$/,
    args: () => ["--list"],
  },
  {
    id: "unbinding-among",
    title: "Unbinding",
    changes: true,
    says: /^$/,
    args: (names) => ["--unbind", someNameOf(names)],
  },
];

/** How calls take longer as a store grows. */
export async function storeGrowth(bench: Bench): Promise<Result[]> {
  const sizes = bench.plan.storeSizes;
  const results: Result[] = [];
  for (const task of TASKS) {
    const contenders = sizes.map((names) => contender(bench, task, names));
    results.push({
      id: task.id,
      title: `${task.title}, by the names in the store (Bun binary)`,
      unit: "ms",
      base: namesText(sizes[0]!),
      series: await inTurn(bench, contenders),
    });
  }
  return results;
}

/** How a store of so many names is called in the results. */
export function namesText(names: number): string {
  return `${names.toLocaleString("en")} names`;
}

function contender(bench: Bench, task: Task, names: number): Contender {
  const { bunBinary } = bench.programs;
  const store = `${bench.folder.disk}/${names}.toml`;
  const text = storeText(bunBinary.store, names);
  writeStore(store, text);
  return {
    program: namesText(names),
    words: (run) => bunBinary.command(store, ...task.args(names, run)),
    says: task.says,
    ...(task.changes ? { prepare: () => writeStore(store, text) } : {}),
  };
}
