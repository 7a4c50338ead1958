import type { Bench } from "./bench.ts";
import { A_PORT, type Contender, inTurn } from "./in_turn.ts";
import { Namespace } from "./namespace.ts";
import { PROJECT } from "./programs.ts";
import type { Result } from "./result.ts";
import { runTool } from "./run_tool.ts";
import { Stopwatch } from "./stopwatch.ts";
import { removeStore, someNameOf, storeText, writeStore } from "./stores.ts";

const NAMES = 10;

/** A machine with some ports in use, and what times programs there. */
interface Machine {
  readonly portsInUse: number;
  readonly stopwatch: Stopwatch;
}

/** What is done on each machine. */
interface Task {
  readonly id: string;
  readonly title: string;
  /** Whether it needs a new store each time. */
  readonly fresh: boolean;
  readonly says: RegExp;
  args(run: number): readonly string[];
}

const TASKS: readonly Task[] = [
  {
    id: "association-beside",
    title: "First association",
    fresh: true,
    says: A_PORT,
    args: (run) => [`web${run}`],
  },
  {
    id: "lookup-beside",
    title: "Lookup",
    fresh: false,
    says: A_PORT,
    args: () => [someNameOf(NAMES)],
  },
  {
    id: "status-beside",
    title: `--status of ${NAMES} names`,
    fresh: false,
    says: /free/,
    args: () => ["--status"],
  },
];

/** How calls take longer as more ports of the machine are in use. */
export async function machineGrowth(bench: Bench): Promise<Result[]> {
  const missing = await whatIsMissing();
  if (missing !== undefined) {
    bench.note(`nothing is measured beside ports in use: ${missing}`);
    return [];
  }
  await using running = new AsyncDisposableStack();
  const machines: Machine[] = [];
  for (const portsInUse of bench.plan.portsInUse) {
    const namespace = running.use(await Namespace.with(portsInUse));
    const stopwatch = running.use(new Stopwatch(namespace.prefix));
    machines.push({ portsInUse, stopwatch });
  }
  const results: Result[] = [];
  for (const task of TASKS) {
    const contenders = machines.map((machine) =>
      contender(bench, task, machine)
    );
    results.push({
      id: task.id,
      title: `${task.title}, by the ports in use (Bun binary)`,
      unit: "ms",
      base: contenders[0]!.program,
      series: await inTurn(bench, contenders),
    });
  }
  return results;
}

async function whatIsMissing(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "that takes Linux";
  if (Deno.uid() !== 0) return "that takes root (run it with sudo)";
  try {
    await runTool(["unshare", "--net", "ip", "link", "set", "lo", "up"]);
    await runTool(["nsenter", "--version"]);
  } catch (error) {
    return `${(error as Error).message} (apt-get install iproute2 util-linux)`;
  }
  return undefined;
}

function contender(
  bench: Bench,
  task: Task,
  { portsInUse, stopwatch }: Machine,
): Contender {
  const { bunBinary } = bench.programs;
  const store = `${bench.folder.disk}/beside-${portsInUse}.toml`;
  removeStore(store);
  if (!task.fresh) writeStore(store, storeText(bunBinary.store, NAMES));
  return {
    program: `${portsInUse.toLocaleString("en")} ports in use`,
    words: (run) => bunBinary.command(store, ...task.args(run)),
    says: task.says,
    stopwatch,
    folder: PROJECT,
    ...(task.fresh ? { prepare: () => removeStore(store) } : {}),
  };
}
