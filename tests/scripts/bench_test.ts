import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readDocument } from "../../lib/toml/document.ts";
import { readPythonConf } from "../../lib/cli/python_conf.ts";
import type { Result } from "../../scripts/bench/result.ts";
import { median, quantile, ratios } from "../../scripts/bench/statistics.ts";
import {
  associationsIn,
  someNameOf,
  storeText,
} from "../../scripts/bench/stores.ts";
import { aligned, number } from "../../scripts/bench/table.ts";
import { judge } from "../../scripts/bench/targets.ts";
import { type Outcome, PROJECT } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const PARTS = ["lookups", "associations", "picking", "growth", "crowds"];

/** The bench, with the environment of the tests: it may have to find Bun. */
async function bench(...args: string[]): Promise<Outcome & { pid: number }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-all", `${PROJECT}/scripts/bench.ts`],
      ...args,
    ],
    cwd: PROJECT,
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

Deno.test("a quick bench measures every part, and leaves nothing", async () => {
  using temp = new TempFolder();

  const { pid, status, stdout, stderr } = await bench(
    ...["--quick", "--npm", temp.file("nothing"), "--json", temp.file("json")],
  );

  assertEquals({ status, stderr }, {
    status: 0,
    stderr: ["compiling", ...PARTS].map((part) => `bench: ${part} ...\n`)
      .join(""),
  });
  assertStringIncludes(stdout, "a lookup, against an empty Bun binary");
  assertStringIncludes(stdout, "npm install");
  const { results, targets } = JSON.parse(temp.read("json"));
  for (const { title, series } of results) {
    for (const { program, values } of series) {
      assert(values.length > 0, `${title}: ${program}`);
      assert(
        values.every((value: number) => value > 0),
        `${title}: ${program}`,
      );
    }
  }
  assert(targets.length > 10);
  assertEquals(leftBehind(pid), []);
});

Deno.test("one part of the bench, as a table for the README", async () => {
  const { status, stdout } = await bench(
    ...["--quick", "--only=lookups", "--markdown"],
  );

  assertEquals(status, 0);
  assertStringIncludes(
    stdout,
    "| **Lookup of a known name, among 10** | | |\n",
  );
  assertStringIncludes(stdout, "| an empty Bun binary | ");
});

Deno.test("the bench refuses what it does not know", async () => {
  const unknown = await bench("--fast");
  assertEquals(unknown.status, 2);
  assertStringIncludes(unknown.stderr, "bench: unknown argument --fast\n");

  const part = await bench("--only", "toString");
  assertEquals(part.status, 2);
  assertStringIncludes(part.stderr, "bench: unknown --only toString");

  const help = await bench("--help");
  assertEquals(help.status, 0);
  for (const name of PARTS) assertStringIncludes(help.stdout, name);
});

Deno.test("medians, quantiles and ratios run by run", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 2, 3]), 2.5);
  assertEquals(quantile([10, 20, 30, 40, 50], 0.25), 20);
  assertEquals(quantile([7], 0.75), 7);
  assertEquals(ratios([2, 9], [1, 3]), [2, 3]);
});

Deno.test("stores of the bench are sound", () => {
  for (const names of [10, 40_000]) {
    const text = storeText("toml", names);
    const { associations, problems } = readDocument(text);
    assertEquals(problems, []);
    assertEquals(associations.size, names);
    assert(associations.has(someNameOf(names)));
    assertEquals(associationsIn(text), names);
  }
  const conf = readPythonConf(storeText("conf", 10), "conf");
  assertEquals(conf.length, 10);
});

Deno.test("an association whose port another name has is not kept", () => {
  assertEquals(associationsIn("version = 1\na1 = 5000\nb1 = 5000\n"), 1);
});

Deno.test("targets are met, missed or not measured", () => {
  const series = (program: string, ...values: number[]) => ({
    program,
    values,
    cpuMs: [],
    peakKiB: [],
  });
  const lookups: Result = {
    id: "lookups",
    title: "",
    unit: "ms",
    base: "",
    series: [
      series("port-for, Bun binary", 12, 14, 16),
      series("an empty Bun binary", 10, 10, 10),
      series("port-for, Debian's Python", 24, 28, 48),
    ],
  };

  const [nothing, python, ...others] = judge([lookups]);

  assertEquals([nothing?.figure, nothing?.met], [1.4, true]);
  assertEquals([python?.figure, python?.met], [0.5, false]);
  assert(others.every(({ met }) => met === undefined));
});

Deno.test("tables have text to the left, figures to the right", () => {
  assertEquals(
    aligned([["", "ms", "kept"], ["one", "1.00", ""], ["three", "12.5", ""]]),
    "           ms\n  one    1.00\n  three  12.5\n",
  );
  assertEquals([1234.5, 12.34, 1.234].map(number), ["1235", "12.3", "1.23"]);
});

/** The folders of a bench, by its process. */
function leftBehind(pid: number): string[] {
  return ["/var/tmp", "/dev/shm"].flatMap((folder) => {
    try {
      return [...Deno.readDirSync(folder)].map(({ name }) => name);
    } catch {
      return [];
    }
  }).filter((name) => name.startsWith(`port-for-bench-${pid}-`));
}
