import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isMissed, markdown, type Row } from "../../scripts/bench/table.ts";
import { type Outcome, PROJECT, works } from "../support/program.ts";

const hasTools = Deno.env.has("CI") ||
  works("hyperfine", "--version") && works("etcd", "--version") &&
    works("npm", "--version") &&
    works("/usr/bin/python3", "-c", "import port_for");

/** What a quick benchmark prints, whatever the machine does meanwhile. */
const TABLE = `\
| | median | ratio | target |
| --- | ---: | ---: | ---: |
| **Lookup of one of 10 names** | | | |
| an empty Bun binary | TIME |  |  |
| port-for, Bun binary | TIME | TIMES an empty Bun binary | at most 1.25 |
| an empty Deno program | TIME |  |  |
| port-for, from_source.ts on Deno | TIME | TIMES an empty Deno program | at most 1.3 |
| port-for, main.ts on Deno | TIME | TIMES an empty Deno program | at most 1.6 |
| port-for, Debian's Python | TIME | TIMES port-for, Bun binary | at least 3 |
| **First association, in a new store** | | | |
| lock, write, flush, rename, flush on Bun | TIME |  |  |
| port-for, Bun binary | TIME | TIMES lock, write, flush, rename, flush on Bun | at most 1.5 |
| port-for, from_source.ts on Deno | TIME | TIMES lock, write, flush, rename, flush on Bun |  |
| port-for, Debian's Python | TIME | TIMES port-for, Bun binary |  |
| **From the call to a command's first line** | | | |
| env true | TIME |  |  |
| port-for NAME -- true, Bun binary | TIME | TIMES env true |  |
| **Lookup, by the names in the store (Bun binary)** | | | |
| 10 names | TIME |  |  |
| 100 names | TIME | TIMES 10 names |  |
| 1,000 names | TIME | TIMES 10 names |  |
| 10,000 names | TIME | TIMES 10 names | at most 3 |
| **New name, by the names in the store (Bun binary)** | | | |
| 10 names | TIME |  |  |
| 100 names | TIME | TIMES 10 names |  |
| 1,000 names | TIME | TIMES 10 names |  |
| 10,000 names | TIME | TIMES 10 names | at most 4 |
| **Picking any free port, as calls in one process (means)** | | | |
| selectRandom, on Deno | TIME |  |  |
| get-port, on Deno | TIME | TIMES selectRandom, on Deno | at least 1.5 |
| get-port, on Node | TIME | TIMES selectRandom, on Deno |  |
| portfinder, on Deno | TIME | TIMES selectRandom, on Deno |  |
| portfinder, on Node | TIME | TIMES selectRandom, on Deno |  |
| **What comes before that, as calls in one process (means)** | | | |
| availableGoodPorts, on Deno | TIME |  | at most 100 |
| first candidate for a name, on Deno | TIME |  |  |
| **New names, by as many processes at once** | | | |
| 20 times the Bun binary | 20 kept in TIME |  | at least 20 |
| 5 times from_source.ts on Deno | 5 kept in TIME |  | at least 5 |
| CPU time of 50 that wait for 1 s | TIME |  | at most 0.5 |
| **Lookup (Bun binary)** | | | |
| in a file | TIME |  |  |
| in an etcd on this machine | TIME | TIMES in a file | at most 3 |
| **New name (Bun binary)** | | | |
| in a file | TIME |  |  |
| in an etcd on this machine | TIME |  |  |
| what that adds | TIME |  | at most 10 |
`;

/** Runs the benchmark with the environment of the tests: it has to find Bun. */
async function bench(...args: string[]): Promise<Outcome & { pid: number }> {
  const script = `${PROJECT}/scripts/bench.ts`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", script, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, stdout, stderr } = await process.output();
  return {
    pid: process.pid,
    status: code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

Deno.test({
  name: "a quick benchmark measures everything, and leaves nothing",
  ignore: !hasTools,
  fn: async () => {
    const { pid, status, stdout, stderr } = await bench("--quick");

    assertEquals(status, 0, stderr);
    assertEquals(
      stdout.replaceAll(/\| -?[\d.]+ (ms|µs|s) /g, "| TIME ")
        .replaceAll(/in [\d.]+ s/g, "in TIME")
        .replaceAll(/[\d.]+ × /g, "TIMES ")
        .replaceAll(/: (met|MISSED) /g, " "),
      TABLE,
    );
    const left = [...Deno.readDirSync("/var/tmp")].map(({ name }) => name)
      .filter((name) => name.startsWith(`port-for-bench-${pid}-`));
    assertEquals(left, []);
  },
});

Deno.test("the benchmark refuses what it does not know", async () => {
  const unknown = await bench("--fast");
  assertEquals(unknown.status, 2);
  assertMatch(unknown.stderr, /^bench: unknown argument --fast\nUsage: /);

  const part = await bench("--only", "toString");
  assertEquals(part.status, 2);
  assertMatch(part.stderr, /^bench: unknown --only toString\nUsage: /);

  const help = await bench("--help");
  assertEquals(help.status, 0);
  assertStringIncludes(help.stdout, "--strict");
});

Deno.test("a target is for the ratio, or for the value alone", () => {
  const rows: Row[] = [
    { name: "few", value: 1, unit: "ms" },
    { name: "heading" },
    { name: "few", value: 10, unit: "ms", atMost: 9 },
    { name: "many", value: 14, unit: "ms", base: "few", atMost: 1.4 },
    { name: "more", value: 1234.5, unit: "ms", base: "few", atLeast: 124 },
  ];

  assertEquals(rows.map(isMissed), [false, false, true, false, true]);
  assertStringIncludes(
    markdown(rows),
    `| **heading** | | | |
| few | 10 ms |  | at most 9: MISSED |
| many | 14 ms | 1.4 × few | at most 1.4: met |
| more | 1235 ms | 123 × few | at least 124: MISSED |`,
  );
});
