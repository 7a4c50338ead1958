import type { Machine } from "./machine.ts";
import type { Result } from "./result.ts";
import { aligned, number, resultTable } from "./table.ts";
import type { Judgement } from "./targets.ts";

/** All that a run of the bench has to say. */
export interface Report {
  readonly machine: Machine;
  /** Whether the figures only show that the bench works. */
  readonly quick: boolean;
  /** What was left out, and other things to know. */
  readonly notes: readonly string[];
  readonly results: readonly Result[];
  readonly targets: readonly Judgement[];
}

/** A report for a terminal. */
export function reportText(report: Report): string {
  const { machine, quick, notes, results, targets } = report;
  const { date, cores, processor, system, load, versions } = machine;
  const machineText = [
    `${date}, ${cores} cores of ${processor}, ${system}`,
    Object.entries(versions).map((pair) => pair.join(" ")).join(", "),
    `load before: ${load.toFixed(1)}`,
  ].join("\n");
  const sections = [
    machineText,
    ...results.map(resultTable),
    ...notes.map((note) => `Note: ${note}\n`),
    `Targets${quick ? " (a quick run says nothing about them)" : ""}\n` +
    aligned([["", "figure", "limit", ""], ...targets.map(targetRow)]),
  ];
  return sections.map((section) => `${section.trimEnd()}\n`).join("\n");
}

function targetRow(judgement: Judgement): string[] {
  const { target, limit, figure, met, aside } = judgement;
  const verdict = met === undefined ? "not measured" : met ? "met" : "MISSED";
  const shown = figure === undefined ? "" : number(figure);
  const what = aside === undefined ? target : `${target} (${aside})`;
  return [what, shown, limit, verdict];
}
