import type { Bench } from "./bench.ts";
import { A_PORT, type Contender, inTurn } from "./in_turn.ts";
import { EMPTY_BUN, type Program } from "./programs.ts";
import type { Result } from "./result.ts";
import { removeStore } from "./stores.ts";

/** What is said behind a program whose store costs nothing to flush. */
export const IN_MEMORY = ", store in memory";

/** The first association of all, in a store that is not there yet. */
export async function associations(bench: Bench): Promise<Result[]> {
  const { bunBinary, denoSource, python, floors } = bench.programs;
  const { disk, memory, diskKind } = bench.folder;
  const contenders = [
    ...[bunBinary, denoSource, ...(python ? [python] : [])]
      .map((program) => association(program, disk)),
    ...(memory === undefined ? [] : [bunBinary, denoSource])
      .map((program) => association(program, memory!, IN_MEMORY)),
    ...floors.map(({ name, words }) => ({ program: name, words: () => words })),
  ];
  return [{
    id: "associations",
    title: `First association, in a new store on a disk (${diskKind})`,
    unit: "ms",
    base: EMPTY_BUN,
    series: await inTurn(bench, contenders),
  }];
}

function association(
  program: Program,
  folder: string,
  suffix = "",
): Contender {
  const store = `${folder}/first.${program.store}`;
  return {
    program: program.name + suffix,
    prepare: () => removeStore(store),
    words: (run) => program.command(store, `web${run}`),
    says: A_PORT,
  };
}
