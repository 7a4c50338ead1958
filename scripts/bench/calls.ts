import { type Bench, output, PROJECT } from "./programs.ts";
import type { Row } from "./table.ts";

const OURS = "selectRandom, on Deno";

/** Calls of the library, compared with those of other libraries. */
export async function calls(bench: Bench): Promise<Row[]> {
  await output([
    ...["npm", "install", "--prefer-offline", "--no-audit", "--no-fund"],
    ...["--ignore-scripts", `--prefix=${bench.folder}`],
    ...["get-port@7.2.0", "portfinder@1.0.38"],
  ]);
  const onDeno = await denoBench(bench);
  const getPort = await onNode(bench, "get-port", "default");
  const portfinder = await onNode(bench, "portfinder", "getPortPromise");
  return [
    { name: "Picking any free port, as calls in one process (means)" },
    onDeno("selectRandom"),
    { ...onDeno("get-port"), base: OURS, atLeast: 1.5 },
    { ...getPort, base: OURS },
    { ...onDeno("portfinder"), base: OURS },
    { ...portfinder, base: OURS },
    { name: "What comes before that, as calls in one process (means)" },
    { ...onDeno("availableGoodPorts"), atMost: 100 },
    onDeno("first candidate for a name"),
  ];
}

/** Runs deno bench, which gives the mean of each call but not the median. */
async function denoBench(
  { folder, quick }: Bench,
): Promise<(name: string) => Row> {
  const json = await output([
    ...[Deno.execPath(), "bench", "--json", "--no-lock", "--no-check"],
    ...["--allow-all", "scripts/bench/calls_bench.ts", "--", folder],
    ...(quick ? ["5"] : []),
  ], PROJECT);
  const { benches } = JSON.parse(json);
  return (wanted) => {
    const { results } = benches.find(({ name }: Row) => name === wanted);
    const value = results[0].ok.avg / 1000;
    return { name: `${wanted}, on Deno`, value, unit: "µs" };
  };
}

/**
 * Runs another library on Node. Only briefly: get-port gets slower with every
 * port it has given out.
 */
async function onNode(
  { folder, quick }: Bench,
  library: string,
  call: string,
): Promise<Row> {
  const program = `const library = await import("${library}");
    async function microseconds() {
      const start = performance.now();
      let calls = 0;
      for (; performance.now() < start + ${quick ? 10 : 200}; calls++) {
        await library.${call}();
      }
      return (performance.now() - start) / calls * 1000;
    }
    await microseconds(); // To warm up.
    console.log(await microseconds());`;
  const words = ["node", "--input-type=module", "--eval", program];
  const value = Number(await output(words, folder));
  return { name: `${library}, on Node`, value, unit: "µs" };
}
