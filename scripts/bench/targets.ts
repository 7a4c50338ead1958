import { IN_MEMORY } from "./associations.ts";
import { GET_PORT_ON_NODE } from "./others.ts";
import { OURS_ON_BUN, OURS_ON_DENO, PYTHON_LIBRARY } from "./picking.ts";
import {
  BUN_BINARY,
  DENO_PACKAGE,
  DENO_SOURCE,
  EMPTY_BUN,
  EMPTY_DENO,
  PYTHON,
} from "./programs.ts";
import { type Result, seriesOf } from "./result.ts";
import { median, ratios } from "./statistics.ts";
import { number } from "./table.ts";
import { namesText } from "./store_growth.ts";

/** What port-for promises of its speed. */
interface Target {
  readonly says: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** The figure, from the results; `undefined` where it was not measured. */
  figure(results: readonly Result[]): number | undefined;
  /** What else is worth knowing with it. */
  aside?(results: readonly Result[]): string | undefined;
}

/** A target, and what became of it. */
export interface Judgement {
  readonly target: string;
  readonly limit: string;
  /** What was measured; `undefined` where it was not. */
  readonly figure: number | undefined;
  /** Whether it is met; `undefined` where it was not measured. */
  readonly met: boolean | undefined;
  readonly aside?: string;
}

const TARGETS: readonly Target[] = [
  {
    says: "a lookup, against an empty Bun binary",
    atMost: 1.5,
    figure: ratio("lookups", BUN_BINARY, EMPTY_BUN),
  },
  {
    says: "a lookup, against Debian's Python program",
    atMost: 1 / 3,
    figure: ratio("lookups", BUN_BINARY, PYTHON),
  },
  {
    says: "a first association, flushes included, against an empty Bun binary",
    atMost: 2.5,
    figure: ratio("associations", BUN_BINARY, EMPTY_BUN),
    aside: (results) => {
      const without = ratio("associations", BUN_BINARY + IN_MEMORY, EMPTY_BUN)(
        results,
      );
      return without === undefined
        ? undefined
        : `without flushes ${number(without)}`;
    },
  },
  {
    says: "a lookup among 10,000 names, against one among 10",
    atMost: 3,
    figure: ratio("lookup-among", namesText(10_000), namesText(10)),
  },
  {
    says: "an association among 10,000 names, against one among 10",
    atMost: 4,
    figure: ratio("association-among", namesText(10_000), namesText(10)),
  },
  {
    says: "a lookup on Deno from source, against an empty Deno program",
    atMost: 1.3,
    figure: ratio("lookups", DENO_SOURCE, EMPTY_DENO),
    aside: (results) => {
      const whole = ratio("lookups", DENO_PACKAGE, EMPTY_DENO)(results);
      return whole === undefined
        ? undefined
        : `with the library's modules, as main.ts ${number(whole)}`;
    },
  },
  ...[OURS_ON_DENO, OURS_ON_BUN].flatMap((ours): Target[] => [
    {
      says: `${ours}, calls a second against the Python library`,
      atLeast: 50,
      figure: ratio("picking-calls", ours, PYTHON_LIBRARY),
    },
    {
      says: `${ours}, calls a second against get-port on Node`,
      atLeast: 1.5,
      figure: ratio("picking-calls", ours, GET_PORT_ON_NODE),
    },
  ]),
  ...["Deno", "Bun"].map((engine): Target => ({
    says: `availableGoodPorts, on ${engine}, once warm, in microseconds`,
    atMost: 100,
    figure: middle("good-ports", `availableGoodPorts, on ${engine}`),
  })),
  {
    says: "1,000 processes, 16 at a time: associations that are kept",
    atLeast: 1_000,
    figure: (results) => {
      const kept = seriesOf(results, "crowd-1000", BUN_BINARY)?.kept;
      return kept && Math.min(...kept);
    },
  },
  {
    says: "1,000 processes, 16 at a time: as many a second as Python's",
    atLeast: 1,
    figure: ratio("crowd-1000", BUN_BINARY, PYTHON),
  },
];

/** Which targets the results meet. */
export function judge(results: readonly Result[]): Judgement[] {
  return TARGETS.map(({ says, atMost, atLeast, figure, aside }) => {
    const value = figure(results);
    const more = aside?.(results);
    return {
      target: says,
      limit: atMost === undefined
        ? `at least ${number(atLeast!)}`
        : `at most ${number(atMost)}`,
      figure: value,
      met: value === undefined
        ? undefined
        : value <= (atMost ?? Infinity) && value >= (atLeast ?? 0),
      ...(more === undefined ? {} : { aside: more }),
    };
  });
}

/** The median, over the runs, of one program's value divided by another's. */
function ratio(id: string, program: string, base: string): Target["figure"] {
  return (results) => {
    const values = seriesOf(results, id, program)?.values;
    const baseValues = seriesOf(results, id, base)?.values;
    return values && baseValues && median(ratios(values, baseValues));
  };
}

function middle(id: string, program: string): Target["figure"] {
  return (results) => {
    const values = seriesOf(results, id, program)?.values;
    return values && median(values);
  };
}
