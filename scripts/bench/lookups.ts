import type { Bench } from "./bench.ts";
import { A_PORT, type Contender, inTurn } from "./in_turn.ts";
import { EMPTY_BUN, type Program } from "./programs.ts";
import type { Result } from "./result.ts";
import { someNameOf, storeText, writeStore } from "./stores.ts";

const NAMES = 10;

/** Names that are known already: the call that is made most. */
export async function lookups(bench: Bench): Promise<Result[]> {
  const { bunBinary, denoSource, denoPackage, python, floors } = bench.programs;
  const contenders = [
    ...[bunBinary, denoSource, denoPackage, ...(python ? [python] : [])]
      .map((program) => lookup(bench, program)),
    ...floors.map(({ name, words }) => ({ program: name, words: () => words })),
  ];
  return [{
    id: "lookups",
    title: `Lookup of a known name, among ${NAMES}`,
    unit: "ms",
    base: EMPTY_BUN,
    series: await inTurn(bench, contenders),
  }];
}

function lookup(bench: Bench, program: Program): Contender {
  const store = `${bench.folder.disk}/lookups.${program.store}`;
  writeStore(store, storeText(program.store, NAMES));
  const words = program.command(store, someNameOf(NAMES));
  return { program: program.name, words: () => words, says: A_PORT };
}
