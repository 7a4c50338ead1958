/** A line of the table. */
export interface Row {
  /** What was measured, or the title of the lines below. */
  readonly name: string;
  /** The result. */
  readonly value?: number;
  readonly unit?: string;
  /** The name of the line above whose value this one is compared with. */
  readonly base?: string;
  /** The largest allowed ratio or, without a base, value. */
  readonly atMost?: number;
  /** The smallest allowed ratio or, without a base, value. */
  readonly atLeast?: number;
}

/** The whole table, in Markdown. */
export function markdown(rows: readonly Row[]): string {
  const lines = rows.map((row, at) => {
    const { name, value, unit, base, atMost, atLeast } = row;
    if (value === undefined) return `| **${name}** | | | |`;
    const times = base ? `${rounded(judged(row, at, rows))} × ${base}` : "";
    const limit = atMost ? `at most ${atMost}` : `at least ${atLeast}`;
    const verdict = isMissed(row, at, rows) ? "MISSED" : "met";
    const target = atMost ?? atLeast ? `${limit}: ${verdict}` : "";
    return `| ${name} | ${rounded(value)} ${unit} | ${times} | ${target} |`;
  });
  const heading = "| | median | ratio | target |";
  return [heading, "| --- | ---: | ---: | ---: |", ...lines].join("\n");
}

/** Whether a line of the table has a target and does not meet it. */
export function isMissed(row: Row, at: number, rows: readonly Row[]): boolean {
  const { atMost = Infinity, atLeast = -Infinity } = row;
  const value = judged(row, at, rows);
  return value > atMost || value < atLeast;
}

/**
 * The number that a target applies to: the ratio or, without a base, the value.
 */
function judged(row: Row, at: number, rows: readonly Row[]): number {
  const base = rows.slice(0, at).findLast(({ name }) => name === row.base);
  return row.value! / (base?.value ?? 1);
}

/** Rounds to three digits: the fourth differs with each run. */
function rounded(value: number): number {
  return value < 1000 ? Number(value.toPrecision(3)) : Math.round(value);
}
