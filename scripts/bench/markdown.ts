import { IN_MEMORY } from "./associations.ts";
import type { Report } from "./report.ts";
import type { Result, Series } from "./result.ts";
import { median, ratios } from "./statistics.ts";

/** What goes into the README, by the ids of results. */
const CHOSEN = [
  "lookups",
  "associations",
  "picking-processes",
  "picking-calls",
  "lookup-among",
  "association-among",
  "crowd-1000",
];

/** A small table for the README: rounded ratios, and what they were taken on. */
export function markdown({ machine, results }: Report): string {
  const chosen = results.filter(({ id }) => CHOSEN.includes(id));
  const { date, cores, processor, system, versions } = machine;
  const measured = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`).join(", ");
  return `| | | |
| --- | ---: | ---: |
${chosen.map(rows).join("")}
Medians of ${date}, on ${cores} cores of ${processor}, ${system}: ${measured}.
The last column is the median of the ratios run by run.
`;
}

function rows({ title, unit, base, series }: Result): string {
  const baseSeries = series.find(({ program }) => program === base);
  const lines = series
    .filter(({ program }) => !program.endsWith(IN_MEMORY))
    .map((each) => {
      const value = `${rounded(median(each.values))} ${unit}${keptText(each)}`;
      return `| ${each.program} | ${value} | ${
        ratioText(each, baseSeries)
      } |\n`;
    });
  return `| **${title}** | | |\n${lines.join("")}`;
}

function keptText({ kept }: Series): string {
  return kept ? `, ${Math.min(...kept)} kept` : "";
}

function ratioText({ values }: Series, base: Series | undefined): string {
  if (!base || values === base.values) return "1";
  return `${rounded(median(ratios(values, base.values)))}x`;
}

/** Two digits: the third is another on every machine. */
function rounded(value: number): string {
  return `${Number(value.toPrecision(2))}`;
}
