/**
 * Runs every fault test in its long form, one file after the other, and says
 * on standard output what was survived. Ends with the first failure.
 *
 * Tests the program that `PORT_FOR` names, by default a binary that is made
 * for it with Bun: crowds of those come up sooner. `PORT_FOR_FAULTS_SEED`
 * repeats the random choices of an earlier run.
 *
 * @module
 */
import { newSeed, type Survived } from "../support/fault_form.ts";
import { PROJECT } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  using temp = new TempFolder();
  const counts = temp.write("counts", "");
  const seed = Deno.env.get("PORT_FOR_FAULTS_SEED") || `${newSeed()}`;
  const program = Deno.env.get("PORT_FOR") || await binary(temp);
  console.error(
    `testing ${program ?? "main.ts"} with PORT_FOR_FAULTS_SEED=${seed}`,
  );
  const env = {
    PORT_FOR_FAULTS: "long",
    PORT_FOR_FAULTS_COUNTS: counts,
    PORT_FOR_FAULTS_SEED: seed,
    ...(program && { PORT_FOR: program }),
  };
  for (const file of testFiles()) {
    const start = performance.now();
    const { success, stdout, stderr } = await deno(
      ["test", "--allow-all", "--quiet", file],
      env,
    );
    const seconds = Math.round((performance.now() - start) / 1000);
    console.error(`${file}: ${success ? "ok" : "FAILED"} (${seconds} s)`);
    if (success) continue;
    Deno.stderr.writeSync(stdout);
    Deno.stderr.writeSync(stderr);
    return 1;
  }
  console.log(summary(Deno.readTextFileSync(counts)));
  return 0;
}

/** A binary for these tests; `undefined` where none can be made. */
async function binary(temp: TempFolder): Promise<string | undefined> {
  const { success, stderr } = await deno(
    ["task", "--quiet", "compile", "--engine", "bun", "--out", temp.path],
    {},
  );
  if (success) {
    // The tests run it as other users too.
    Deno.chmodSync(temp.path, 0o755);
    return temp.file("port-for");
  }
  console.error(new TextDecoder().decode(stderr).trim());
  console.error("there is no binary to be had: going on with the source");
  return undefined;
}

function deno(
  args: string[],
  env: Record<string, string>,
): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd: PROJECT,
    env,
    stdin: "null",
  }).output();
}

function testFiles(): string[] {
  return [...Deno.readDirSync(import.meta.dirname!)]
    .map(({ name }) => `tests/faults/${name}`)
    .filter((name) => name.endsWith("_test.ts"))
    .sort();
}

/** Adds up what the tests report, a line of JSON each. */
function summary(reports: string): string {
  const total = { faults: 0, kills: 0, processes: 0, mutations: 0 };
  for (const line of reports.trim().split("\n")) {
    const report: Partial<Survived> = JSON.parse(line);
    for (const kind of Object.keys(total) as (keyof Survived)[]) {
      total[kind] += report[kind] ?? 0;
    }
  }
  const parts = Object.entries(total)
    .map(([kind, count]) => `${count.toLocaleString("en")} ${kind}`);
  return `survived: ${parts.join(", ")}`;
}
