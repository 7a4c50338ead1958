import { type Bench, hyperfine, output, type Words } from "./programs.ts";
import type { Row } from "./table.ts";

const WAITERS = 50;

/** Starts COUNT programs at once, each for a name of its own. */
const AT_ONCE = `count=$1 store=$2; shift 2
seq "$count" |
  xargs -P 0 -I {} "$@" --store "$store" worker{} >"$store.printed"`;

/** The same while this shell holds the store's lock for some seconds. */
const BEHIND_A_HOLDER = `seconds=$1 store=$3; shift
umask 077
exec 9>>"$store.lock"
flock 9
sh -c '${AT_ONCE}' sh "$@" 9>&- &
sleep "$seconds"
exec 9>&-
wait $!`;

/**
 * Many processes at once that each ask for a new name, and the cost of waiting.
 */
export async function crowd(bench: Bench): Promise<Row[]> {
  const { bunBinary, fromSource } = bench.programs;
  const rows: Row[] = [{ name: "New names, by as many processes at once" }];
  for (const count of bench.quick ? [20] : [100, 300, 1_000]) {
    rows.push(await atOnce(bench, count, "the Bun binary", bunBinary));
  }
  const count = bench.quick ? 5 : 100;
  rows.push(await atOnce(bench, count, "from_source.ts on Deno", fromSource));
  return [...rows, await waiting(bench)];
}

async function atOnce(
  bench: Bench,
  count: number,
  program: string,
  words: Words,
): Promise<Row> {
  const store = newStore(bench);
  const name = `${count.toLocaleString("en")} times ${program}`;
  const [timing] = await hyperfine(bench, [{
    ...{ name, atLeast: count },
    words: ["sh", "-c", AT_ONCE, "sh", `${count}`, store, ...words],
  }], ...["--runs=1", "--ignore-failure"]);
  const kept = await keptOf(bench, store);
  return {
    ...timing!,
    // If a process failed, it does not count, even if it printed a port.
    value: timing!.success ? kept : Math.min(kept, count - 1),
    unit: `kept in ${(timing!.value / 1000).toFixed(1)} s`,
  };
}

/** How many ports were both printed and stored, each for one name. */
async function keptOf({ programs }: Bench, store: string): Promise<number> {
  const list = await output([...programs.bunBinary, "--store", store, "-l"]);
  const kept = new Set(list.match(/\d+$/gm));
  const printed = Deno.readTextFileSync(`${store}.printed`).match(/\d+/g);
  return kept.intersection(new Set(printed)).size;
}

/** The CPU time that waiting takes while nothing moves, without start-up. */
async function waiting(bench: Bench): Promise<Row> {
  const seconds = bench.quick ? 1 : 10;
  const held = [1, 1 + seconds].map((held) => ({
    name: `CPU time of ${WAITERS} that wait for ${seconds} s`,
    words: [
      ...["sh", "-c", BEHIND_A_HOLDER, "sh", `${held}`, `${WAITERS}`],
      ...[newStore(bench), ...bench.programs.bunBinary, "--wait", "60"],
    ],
  }));
  const [shorter, longer] = await hyperfine(bench, held, "--runs=1");
  const value = longer!.cpuSeconds - shorter!.cpuSeconds;
  return { ...longer!, value, unit: "s", atMost: 0.5 };
}

function newStore({ folder }: Bench): string {
  return `${Deno.makeTempDirSync({ dir: folder })}/store.toml`;
}
