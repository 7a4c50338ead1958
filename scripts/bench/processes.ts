import { OWN_HEAD } from "../../lib/toml/plain_text.ts";
import {
  type Bench,
  hyperfine,
  output,
  type Timed,
  type Words,
} from "./programs.ts";
import type { Row } from "./table.ts";

const NAMES = 10;
const MANY_NAMES = 10_000;
const A_NAME = "app5";

const EMPTY_BUN = "an empty Bun binary";
const EMPTY_DENO = "an empty Deno program";
const LEAST = "lock, write, flush, rename, flush on Bun";
const BUN_BINARY = "port-for, Bun binary";
const FROM_SOURCE = "port-for, from_source.ts on Deno";
const MAIN = "port-for, main.ts on Deno";
const PYTHON = "port-for, Debian's Python";

/** Looking up a name that has a port: the most frequent call. */
export async function lookup(bench: Bench): Promise<Row[]> {
  const { programs } = bench;
  const conf = `${bench.folder}/store.conf`;
  Deno.writeTextFileSync(conf, `[DEFAULT]\n${entries(NAMES)}`);
  const rest = ["--store", storeOf(bench, NAMES), A_NAME];
  const bunBinary = [...programs.bunBinary, ...rest];
  const fromSource = [...programs.fromSource, ...rest];
  const mainModule = [...programs.mainModule, ...rest];
  const python = [...programs.python, conf, A_NAME];
  for (const words of [bunBinary, fromSource, mainModule, python]) {
    const printed = await output(words);
    if (printed === "1029\n") continue;
    throw new Error(`cannot measure ${words.join(" ")}: it prints ${printed}`);
  }
  return timed(bench, `Lookup of one of ${NAMES} names`, 20, [
    { name: EMPTY_BUN, words: programs.emptyBunBinary },
    { name: BUN_BINARY, words: bunBinary, base: EMPTY_BUN, atMost: 1.25 },
    { name: EMPTY_DENO, words: programs.emptyDenoProgram },
    { name: FROM_SOURCE, words: fromSource, base: EMPTY_DENO, atMost: 1.3 },
    { name: MAIN, words: mainModule, base: EMPTY_DENO, atMost: 1.6 },
    { name: PYTHON, words: python, base: BUN_BINARY, atLeast: 3 },
  ]);
}

/** The first association in a store that does not exist yet. */
export function association(bench: Bench): Promise<Row[]> {
  const { leastAssociation, bunBinary, fromSource, python } = bench.programs;
  const store = `${bench.folder}/first.toml`;
  const conf = `${bench.folder}/first.conf`;
  const prepare = ["rm", "-f", store, `${store}.lock`, conf];
  const first = (name: string, ...words: Words) => ({ name, words, prepare });
  const rest = ["--store", store, "web"];
  return timed(bench, "First association, in a new store", 10, [
    first(LEAST, ...leastAssociation, store),
    { ...first(BUN_BINARY, ...bunBinary, ...rest), base: LEAST, atMost: 1.5 },
    { ...first(FROM_SOURCE, ...fromSource, ...rest), base: LEAST },
    { ...first(PYTHON, ...python, conf, "web"), base: BUN_BINARY },
  ]);
}

/** The time from the call until the command runs; this one ends at once. */
export function command(bench: Bench): Promise<Row[]> {
  const portFor = [...bench.programs.bunBinary, "--store"];
  const words = [...portFor, storeOf(bench, NAMES), A_NAME, "--", "true"];
  return timed(bench, "From the call to a command's first line", 20, [
    { name: "env true", words: ["env", "true"] },
    { name: "port-for NAME -- true, Bun binary", words, base: "env true" },
  ]);
}

/** How much slower calls get as a store grows. */
export async function growth(bench: Bench): Promise<Row[]> {
  const few = `${NAMES} names`;
  const lookups: Timed[] = [];
  const associations: Timed[] = [];
  for (const names of [NAMES, 100, 1_000, MANY_NAMES]) {
    const store = storeOf(bench, names);
    const portFor = [...bench.programs.bunBinary, "--store", store];
    const name = `${names.toLocaleString("en")} names`;
    const base = names > NAMES ? { base: few } : {};
    const upTo = (atMost: number) => names === MANY_NAMES ? { atMost } : {};
    lookups.push({ name, words: [...portFor, A_NAME], ...base, ...upTo(3) });
    associations.push({
      ...{ name, words: [...portFor, "new"], ...base, ...upTo(4) },
      prepare: [...portFor, "--unbind", "new"],
    });
  }
  const by = "by the names in the store (Bun binary)";
  return [
    ...await timed(bench, `Lookup, ${by}`, 8, lookups),
    ...await timed(bench, `New name, ${by}`, 8, associations),
  ];
}

/**
 * Times commands in rounds, so that a slow moment of the machine affects all of
 * them.
 */
export async function timed(
  bench: Bench,
  title: string,
  runs: number,
  commands: readonly Timed[],
): Promise<Row[]> {
  const rounds = bench.quick ? 1 : 5;
  const options = bench.quick ? ["--runs=2"] : [`--runs=${runs}`, "--warmup=2"];
  const turns = Array.from({ length: rounds }, () => commands).flat();
  const timings = await hyperfine(bench, turns, ...options);
  const medians = commands.map((_, at) => {
    const same = timings.filter((_, turn) => turn % commands.length === at);
    return same.sort((a, b) => a.value - b.value)[Math.floor(rounds / 2)]!;
  });
  return [{ name: title }, ...medians];
}

/** Writes a store with this many names, in port-for's own form. */
function storeOf({ folder }: Bench, names: number): string {
  const store = `${folder}/${names}.toml`;
  Deno.writeTextFileSync(store, `${OWN_HEAD}[ports]\n${entries(names)}`);
  return store;
}

/**
 * Ports from 1024 up: even 10,000 of them leave enough good ones to choose
 * from.
 */
function entries(names: number): string {
  return Array.from({ length: names }, (_, at) => `app${at} = ${1024 + at}\n`)
    .join("");
}
