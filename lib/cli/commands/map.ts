import { type Claim, claimedPorts } from "../../machine/claim.ts";
import { readEphemeralRanges } from "../../machine/ephemeral.ts";
import { lowestUnprivileged } from "../../machine/unprivileged.ts";
import { readPortsInUse } from "../../machine/listeners.ts";
import { goodPortsOutside } from "../../ports/policy.ts";
import {
  formatPortRange,
  MAX_PORT,
  parsePortRange,
  type PortRange,
  SYSTEM_PORTS,
} from "../../ports/port_range.ts";
import { PortSet, setOf } from "../../ports/port_set.ts";
import { assignedPorts, wellKnownPorts } from "../../ports/registry.ts";
import { portsOf } from "../../association.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { MachineClaims } from "../../store/claims.ts";
import { type Call, readStore } from "../call.ts";
import { json, type Painter, painterFor } from "../text.ts";

/** What a port can be on the map. */
export type PortKind =
  | "in use"
  | "associated"
  | "good"
  | "ephemeral"
  | "system"
  | "assigned"
  | "well known"
  | "claimed"
  | "left over";

/** The port space by kind, as `--map --json` prints it. */
export interface PortMap {
  /** The range of the map, inclusive at both ends. */
  readonly range: PortRange;
  /**
   * How many ports of each kind there are, and which. Each port has exactly one
   * kind, and may be `in use` or `associated` in addition.
   */
  readonly kinds: Readonly<
    Record<
      PortKind,
      { readonly count: number; readonly ranges: readonly PortRange[] }
    >
  >;
}

/** How each kind is drawn and explained in the legend. */
const LOOK: readonly {
  readonly kind: PortKind;
  readonly mark: string;
  readonly paint: keyof Painter;
  readonly legend: string;
}[] = [
  { kind: "associated", mark: "@", paint: "own", legend: "of your names" },
  { kind: "in use", mark: "!", paint: "warn", legend: "in use now" },
  { kind: "good", mark: "o", paint: "good", legend: "good" },
  { kind: "well known", mark: "w", paint: "dim", legend: "well known" },
  { kind: "assigned", mark: ":", paint: "dim", legend: "assigned by IANA" },
  {
    kind: "claimed",
    mark: "c",
    paint: "dim",
    legend: "claimed by others here",
  },
  { kind: "ephemeral", mark: "~", paint: "dim", legend: "ephemeral" },
  { kind: "system", mark: "s", paint: "dim", legend: "system ports" },
  {
    kind: "left over",
    mark: ".",
    paint: "dim",
    legend: "too close to others, or not for services",
  },
];

/** How many rows of 64 cells the map has. */
const ROWS = 16;

/** How many cells a row can have; the most that fit are used. */
const ROW_LENGTHS = [128, 64, 32];

/** The width of the port number at the start of a row. */
const MARGIN = 7;

/** `--map`: the port space as a picture, or as counts and ranges in JSON. */
export async function map(call: Call): Promise<void> {
  const { line, runtime } = call;
  const given = line.value("range");
  const range = given === undefined
    ? { first: 0, last: MAX_PORT }
    : parsePortRange(given, "--range");
  const { associations } = await readStore(call);
  const source = call.store.place.source();
  const claims = new MachineClaims(runtime, source).all();
  const associated = associations.map(portsOf);
  const sets = portKinds(runtime, associated, claims, range);
  runtime.writeOut(
    line.has("json")
      ? json(portMap(range, sets))
      : picture(range, sets, runtime),
  );
}

type PortSets = ReadonlyMap<PortKind, PortSet>;

function portKinds(
  runtime: Runtime,
  associated: readonly PortRange[],
  claims: readonly Claim[],
  range: PortRange,
): PortSets {
  const { ranges, configured } = readEphemeralRanges(runtime);
  const unprivileged = { first: lowestUnprivileged(runtime), last: MAX_PORT };
  const good = goodPortsOutside(configured).retainAll(setOf([unprivileged]));
  const left = setOf([range]);
  // A port has only one kind: the first that applies.
  const take = (ports: PortSet) => {
    const taken = new PortSet(left).retainAll(ports);
    left.deleteAll(taken);
    return taken;
  };
  const kinds = new Map<PortKind, PortSet>([
    ["system", take(setOf([SYSTEM_PORTS]))],
    ["assigned", take(assignedPorts())],
    ["well known", take(wellKnownPorts())],
    ["claimed", take(claimedPorts(claims))],
    ["ephemeral", take(setOf(ranges))],
    ["good", take(good)],
  ]);
  return kinds
    .set("left over", left)
    .set("associated", setOf(associated).retainAll(setOf([range])))
    .set("in use", readPortsInUse(runtime).retainAll(setOf([range])));
}

function portMap(range: PortRange, sets: PortSets): PortMap {
  const kinds = LOOK.map(({ kind }) => {
    const set = sets.get(kind)!;
    return [kind, { count: set.size, ranges: [...set.ranges()] }] as const;
  });
  return { range, kinds: Object.fromEntries(kinds) as PortMap["kinds"] };
}

function picture(
  range: PortRange,
  sets: PortSets,
  runtime: Runtime,
): string {
  const paint = painterFor(runtime);
  const size = range.last - range.first + 1;
  const cellsPerRow = rowLength(runtime);
  const portsPerCell = Math.ceil(size / (ROWS * Math.max(cellsPerRow, 64)));
  const portsPerRow = portsPerCell * cellsPerRow;
  const rows: string[] = [paint.dim(ruler(cellsPerRow, portsPerCell)) + "\n"];
  for (let row = range.first; row <= range.last; row += portsPerRow) {
    let cells = "";
    for (let column = 0; column < cellsPerRow; column++) {
      const first = row + column * portsPerCell;
      if (first > range.last) break;
      const last = Math.min(first + portsPerCell - 1, range.last);
      const look = lookOf({ first, last }, sets);
      cells += paint[look.paint](look.mark);
    }
    rows.push(`${String(row).padStart(MARGIN - 2)}  ${cells}\n`);
  }
  return [...rows, "\n", ...legend(range, portsPerCell, sets, paint)].join("");
}

function rowLength(runtime: Runtime): number {
  const width = runtime.terminalWidth() ?? MARGIN + 64;
  return ROW_LENGTHS.find((length) => MARGIN + length <= width) ?? 32;
}

/** The heading: the offset of every sixteenth cell, in ports. */
function ruler(cellsPerRow: number, portsPerCell: number): string {
  let text = " ".repeat(MARGIN);
  for (let cell = 0; cell < cellsPerRow; cell += 16) {
    text += `+${cell * portsPerCell}`.padEnd(16);
  }
  return text.trimEnd();
}

/** The legend. The counts of the kinds add up to the total. */
function legend(
  range: PortRange,
  portsPerCell: number,
  sets: PortSets,
  paint: Painter,
): string[] {
  const size = range.last - range.first + 1;
  const line = ({ kind, mark, paint: colour, legend }: (typeof LOOK)[number]) =>
    `  ${paint[colour](mark)}  ` +
    `${String(sets.get(kind)!.size).padStart(5)}  ${legend}\n`;
  const marked = LOOK.filter(isSpecial);
  return [
    `One mark is ${portsPerCell} port${portsPerCell === 1 ? "" : "s"} of ` +
    `${formatPortRange(range)}: what most are, or one used or yours.\n`,
    ...LOOK.filter((look) => !isSpecial(look)).map(line),
    `     ${String(size).padStart(5)}  in all, and among them\n`,
    ...marked.map(line),
  ];
}

/** Whether a port can be this in addition to its kind. */
function isSpecial({ kind }: (typeof LOOK)[number]): boolean {
  return kind === "in use" || kind === "associated";
}

/**
 * A single port that is associated or in use decides the look of its cell;
 * otherwise the most frequent kind does.
 */
function lookOf(cell: PortRange, sets: PortSets): (typeof LOOK)[number] {
  const counts = LOOK.map((look) => {
    let count = 0;
    for (let port = cell.first; port <= cell.last; port++) {
      if (sets.get(look.kind)!.has(port)) count++;
    }
    return { look, count };
  });
  const special = counts.find(({ look, count }) =>
    count > 0 && isSpecial(look)
  );
  if (special) return special.look;
  return counts.reduce((most, next) => next.count > most.count ? next : most)
    .look;
}
