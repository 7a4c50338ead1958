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
    const names = Array.from({ length: processes }, (_, at) => `worker${at}\n`);
    await Deno.writeTextFile(namesFile(bench, processes), names.join(""));
    const contenders = [
      crowd(bench, processes, bunBinary, disk),
      ...(python ? [crowd(bench, processes, python, disk)] : []),
      ...(memory === undefined
        ? []
        : [crowd(bench, processes, bunBinary, memory, IN_MEMORY)]),
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
  bench: Bench,
  processes: number,
  program: Program,
  folder: string,
  suffix = "",
): Contender {
  const store = `${folder}/crowd.${program.store}`;
  const words = [
    ...["sh", "-c", `xargs -P ${AT_A_TIME} -I NAME "$@" < "$0"`],
    ...[namesFile(bench, processes), ...program.command(store, "NAME")],
  ];
  return {
    program: program.name + suffix,
    prepare: () => removeStore(store),
    words: () => words,
    value: ({ seconds, output }) => {
      const [complaint] = /^port-for: cannot .*$/m.exec(output) ?? [];
      if (complaint) bench.note(`a process of ${processes} said: ${complaint}`);
      return processes / seconds;
    },
    countKept: () => associationsIn(Deno.readTextFileSync(store)),
    // Some programs do not survive a crowd, which is worth showing.
    mayFail: true,
    timeout: 600,
  };
}

function namesFile({ folder }: Bench, processes: number): string {
  return `${folder.disk}/${processes}.names`;
}
