import { median, quantile, ratios } from "./statistics.ts";
import type { Result, Series } from "./result.ts";

/** A result as a table for a terminal. */
export function resultTable(result: Result): string {
  const { title, unit, base, series } = result;
  const baseSeries = series.find(({ program }) => program === base);
  const wholeRuns = unit === "ms";
  const heading = [
    ...["", unit, "middle half", "ratio"],
    ...["cpu ms", "peak MiB", "kept"],
  ];
  const rows = series.map((each) => [
    each.program,
    number(median(each.values)),
    middleHalf(each.values),
    baseSeries ? ratioText(each, baseSeries) : "",
    wholeRuns ? number(median(each.cpuMs)) : "",
    number(median(each.peakKiB) / 1024),
    each.kept ? `${Math.min(...each.kept)}` : "",
  ]);
  const runs = series[0]?.values.length ?? 0;
  const explained = `${runs} run${
    runs === 1 ? "" : "s"
  } each; ratio to ${base}`;
  return `${title} (${explained})\n${aligned([heading, ...rows])}`;
}

/** Rows in columns: text to the left, figures to the right, none empty. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]!.map((_, column) =>
    rows.map((row) => row[column] ?? "")
  ).filter((cells) => cells.slice(1).some((cell) => cell !== ""));
  const widths = columns.map((cells) =>
    Math.max(...cells.map((cell) => cell.length))
  );
  return rows.map((_, row) =>
    columns.map((cells, column) =>
      column === 0
        ? cells[row]!.padEnd(widths[column]!)
        : cells[row]!.padStart(widths[column]!)
    ).join("  ").trimEnd()
  ).map((line) => `  ${line}\n`).join("");
}

/** A figure with as many digits as it deserves. */
export function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

function middleHalf(values: readonly number[]): string {
  return `${number(quantile(values, 0.25))} - ${
    number(quantile(values, 0.75))
  }`;
}

function ratioText({ values }: Series, base: Series): string {
  const all = ratios(values, base.values);
  return `${number(median(all))} (${middleHalf(all)})`;
}
