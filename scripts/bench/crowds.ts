import { IN_MEMORY } from "./associations.ts";
import type { Bench } from "./bench.ts";
import { type Contender, inTurn } from "./in_turn.ts";
import type { Program } from "./programs.ts";
import type { Result } from "./result.ts";
import { associationsIn, removeStore } from "./stores.ts";

const AT_A_TIME = 16;

/** As many associations by as many processes, several at a time. */
export async function crowds(bench: Bench): Promise<Result[]> {
  const { bunBinary, python } = bench.programs;
  const { disk, memory } = bench.folder;
  const results: Result[] = [];
  for (const { processes, runs } of bench.plan.crowds) {
    const names = `${disk}/${processes}.names`;
    await Deno.writeTextFile(names, namesText(processes));
    const contenders = [
      crowd(bunBinary, disk, names, processes),
      ...(python ? [crowd(python, disk, names, processes)] : []),
      ...(memory === undefined
        ? []
        : [crowd(bunBinary, memory, names, processes, IN_MEMORY)]),
    ];
    results.push({
      id: `crowd-${processes}`,
      title: `${processes.toLocaleString("en")} associations by as many ` +
        `processes, ${AT_A_TIME} at a time`,
      unit: "a second",
      base: python?.name ?? bunBinary.name,
      series: await inTurn(bench, contenders, { runs, warmUps: 0 }),
    });
  }
  return results;
}

function crowd(
  program: Program,
  folder: string,
  names: string,
  processes: number,
  suffix = "",
): Contender {
  const store = `${folder}/crowd.${program.store}`;
  const each = program.command(store, "NAME");
  return {
    program: program.name + suffix,
    prepare: () => removeStore(store),
    words: () => [
      ...["sh", "-c", `xargs -P ${AT_A_TIME} -I NAME "$@" < "$0"`, names],
      ...each,
    ],
    value: ({ seconds }) => processes / seconds,
    countKept: () => associationsIn(Deno.readTextFileSync(store)),
    // Some programs do not survive a crowd, which is worth showing.
    mayFail: true,
    timeout: 600,
  };
}

function namesText(count: number): string {
  return Array.from({ length: count }, (_, at) => `worker${at}\n`).join("");
}
