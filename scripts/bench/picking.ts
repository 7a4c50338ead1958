import type { Bench } from "./bench.ts";
import { callsASecond, callsASecondInPython } from "./caller.ts";
import { A_PORT, type Contender, inTurn } from "./in_turn.ts";
import { otherCli, otherLibraries } from "./others.ts";
import { DEBIAN_PYTHON, PROJECT } from "./programs.ts";
import type { Result } from "./result.ts";
import { runTool } from "./run_tool.ts";
import { removeStore } from "./stores.ts";

/** The libraries in the results. */
export const OURS_ON_DENO = "selectRandom, on Deno";
export const OURS_ON_BUN = "selectRandom, on Bun";
export const PYTHON_LIBRARY = "select_random of Debian's Python port-for";

const A_NUMBER = /^\d+(\.\d+)?(e\+\d+)?\n$/;

const IMPORTS = `import { availableGoodPorts, selectRandom } from ` +
  `${JSON.stringify(`file://${PROJECT}/main.ts`)};`;

/** Picking any port that is free, without remembering it. */
export async function picking(bench: Bench): Promise<Result[]> {
  return [
    ...await processes(bench),
    await calls(bench),
    await goodPorts(bench),
  ];
}

/** As a process; port-for has to remember what it picks. */
async function processes(bench: Bench): Promise<Result[]> {
  const cli = await otherCli(bench);
  if (!cli) return [];
  const { bunBinary } = bench.programs;
  const store = `${bench.folder.disk}/picking.toml`;
  const ours: Contender = {
    program: `${bunBinary.name}, --random, new store`,
    prepare: () => removeStore(store),
    words: () => bunBinary.command(store, "--random", "any"),
    says: A_PORT,
  };
  const other = { program: cli.name, words: () => cli.words, says: A_PORT };
  return [{
    id: "picking-processes",
    title: "Picking any free port, as a process",
    unit: "ms",
    base: cli.name,
    series: await inTurn(bench, [ours, other]),
  }];
}

/** As calls of a library in one process. */
async function calls(bench: Bench): Promise<Result> {
  const ms = bench.plan.callingMs;
  const code = callsASecond({ imports: IMPORTS, call: "selectRandom()" }, ms);
  const contenders = [
    onDeno(OURS_ON_DENO, code),
    await onBun(bench, OURS_ON_BUN, code),
    ...pythonLibrary(bench),
    ...await otherLibraries(bench),
  ];
  const value = ({ output }: { output: string }) => Number(output);
  return {
    id: "picking-calls",
    title: "Picking any free port, as calls of a library in one process",
    unit: "calls a second",
    base: PYTHON_LIBRARY,
    series: await inTurn(
      bench,
      contenders.map((each) => ({ ...each, says: A_NUMBER, value })),
    ),
  };
}

/** What choosing among all good ports begins with. */
async function goodPorts(bench: Bench): Promise<Result> {
  const ms = bench.plan.callingMs;
  const call = "availableGoodPorts()";
  const code = callsASecond({ imports: IMPORTS, call }, ms);
  const contenders = [
    onDeno("availableGoodPorts, on Deno", code),
    await onBun(bench, "availableGoodPorts, on Bun", code),
  ];
  const value = ({ output }: { output: string }) => 1_000_000 / Number(output);
  return {
    id: "good-ports",
    title: "availableGoodPorts(), once warm",
    unit: "µs",
    base: contenders[0]!.program,
    series: await inTurn(
      bench,
      contenders.map((each) => ({ ...each, says: A_NUMBER, value })),
    ),
  };
}

function onDeno(program: string, code: string): Contender {
  const words = [
    ...[Deno.execPath(), "eval", "--quiet"],
    ...[`--config=${PROJECT}/deno.json`, code],
  ];
  return { program, words: () => words };
}

async function onBun(
  bench: Bench,
  program: string,
  code: string,
): Promise<Contender> {
  const folder = await Deno.makeTempDir({ dir: bench.folder.disk });
  const bundle = `${folder}/bundle.js`;
  await Deno.writeTextFile(`${folder}/main.js`, code);
  await runTool([
    ...[Deno.execPath(), "bundle", "--quiet"],
    ...[`--config=${PROJECT}/deno.json`, `--output=${bundle}`],
    `${folder}/main.js`,
  ]);
  return { program, words: () => [bench.programs.bun, bundle] };
}

function pythonLibrary(bench: Bench): Contender[] {
  if (!bench.programs.python) return [];
  const code = callsASecondInPython(
    { imports: "import port_for", call: "port_for.select_random()" },
    bench.plan.callingMs,
  );
  return [{
    program: PYTHON_LIBRARY,
    words: () => [DEBIAN_PYTHON, "-c", code],
  }];
}
