import type { Holder } from "../../machine/holder.ts";
import { holdersOf, readHolders } from "../../machine/listeners.ts";
import { Prober, type Verdict } from "../../machine/probe.ts";
import { type Association, isExpired } from "../../association.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { escaped, onOneLine } from "../../error.ts";
import { aboutStore, sayEmpty } from "../about_store.ts";
import { associationsHere } from "../here.ts";
import { Judge } from "../judge.ts";
import { type Call, portList, readStore } from "../call.ts";
import { columnsOf, fitted } from "../columns.ts";
import { inUseText, json, painterFor } from "../text.ts";

/** An association and the state of its ports: an item of `--status --json`. */
export interface AssociationStatus {
  /** The name. */
  readonly name: string;
  /** Its port, or the first of its block. */
  readonly port: number;
  /** How many ports it holds. */
  readonly count: number;
  /**
   * Whether its ports are free, in use, forbidden for this process to bind, or
   * held by an expired lease.
   */
  readonly state: "free" | "in use" | "forbidden" | "expired";
  /** When its lease ends or ended, in RFC 3339 format. */
  readonly expires?: string;
  /** The layer that it comes from, if it is not in the store itself. */
  readonly layer?: string;
  /** Set if its ports are reserved in the kernel. */
  readonly reserved?: true;
  /** Why its ports would not be chosen today, if they would not. */
  readonly notGood?: string;
  /** Who holds its ports, as far as this user can see. */
  readonly holders: readonly Holder[];
}

/** `--status`: prints a table of the associations and their states. */
export async function status(call: Call): Promise<void> {
  const { line, runtime } = call;
  const { associations, policy } = await readStore(call, { expired: true });
  const here = associationsHere(call, associations);
  const statuses = await statusOf(
    here.map(({ association }) => association),
    runtime,
    new Judge(call, policy),
  );
  if (statuses.length === 0 && !line.has("json")) return sayEmpty(call);
  runtime.writeOut(
    line.has("json") ? json(statuses) : table(statuses, runtime) +
      `store: ${onOneLine(aboutStore(call))}\n`,
  );
}

/** The states of associations. The system's tables are read only once. */
export async function statusOf(
  associations: readonly Association[],
  runtime: Runtime,
  judge?: Judge,
): Promise<AssociationStatus[]> {
  const ports = new Set(associations.flatMap(portList));
  const holders = readHolders(runtime, ports);
  const prober = new Prober(runtime);
  const statuses: AssociationStatus[] = [];
  for (const association of associations) {
    const found: Holder[] = [];
    const verdicts = new Set<Verdict>();
    for (const port of portList(association)) {
      const verdict = await prober.verdict(port);
      verdicts.add(verdict);
      const isHeld = verdict === "held";
      found.push(...holdersOf(port, isHeld, holders, runtime));
    }
    const { name, port, count, expires } = association;
    const expired = isExpired(association);
    statuses.push({
      name,
      port,
      count,
      state: stateOf(verdicts, expired),
      ...(expires ? { expires: expires.toISOString() } : {}),
      ...(association.layer ? { layer: association.layer } : {}),
      ...(association.reserved ? { reserved: true } : {}),
      ...noteOf(association, judge),
      holders: found,
    });
  }
  return statuses;
}

function noteOf(
  association: Association,
  judge: Judge | undefined,
): Pick<AssociationStatus, "notGood"> {
  const problem = judge?.problem(association);
  return problem === undefined ? {} : { notGood: problem };
}

function stateOf(
  verdicts: ReadonlySet<Verdict>,
  expired: boolean,
): AssociationStatus["state"] {
  if (expired) return "expired";
  if (verdicts.has("held")) return "in use";
  return verdicts.has("forbidden") ? "forbidden" : "free";
}

/** The column of names never gets narrower than this. */
const NARROWEST_NAME = 8;

function table(
  statuses: readonly AssociationStatus[],
  runtime: Runtime,
): string {
  const paint = painterFor(runtime);
  const rows = statuses.map((status) => ({
    name: escaped(status.name),
    port: status.count === 1
      ? `${status.port}`
      : `${status.port}-${status.port + status.count - 1}`,
    status,
    state: stateText(status) + marksOf(status),
  }));
  const portWidth = Math.max(4, ...rows.map(({ port }) => port.length));
  const stateWidth = Math.max(5, ...rows.map(({ state }) => state.length));
  const widest = Math.max(4, ...rows.map(({ name }) => columnsOf(name)));
  const room = (runtime.terminalWidth() ?? Infinity) - portWidth - stateWidth -
    4;
  const nameWidth = Math.max(NARROWEST_NAME, Math.min(widest, room));
  const lines = rows.map(({ name, port, status, state }) => {
    const painted = status.state === "expired"
      ? paint.bad(state)
      : status.state === "in use"
      ? paint.warn(state)
      : status.state === "forbidden" || status.notGood
      ? paint.warn(state)
      : paint.good(state);
    return `${fitted(name, nameWidth)}  ${
      port.padStart(portWidth)
    }  ${painted}`;
  });
  const heading = `${fitted("NAME", nameWidth)}  ` +
    `${"PORT".padStart(portWidth)}  STATE`;
  return [paint.bold(heading), ...lines].join("\n") + "\n";
}

function marksOf({ layer, reserved, notGood }: AssociationStatus): string {
  const marks = [
    ...(layer ? [`from ${onOneLine(layer)}`] : []),
    ...(reserved ? ["reserved"] : []),
    ...(notGood ? [`not good: ${notGood}`] : []),
  ];
  return marks.map((mark) => `, ${mark}`).join("");
}

function stateText({ state, holders, expires }: AssociationStatus): string {
  switch (state) {
    case "free":
      return expires ? `free, expires ${shortTime(expires)}` : "free";
    case "forbidden":
      return "forbidden: this process may not bind it";
    case "in use":
      return inUseText(holders);
    case "expired":
      return `expired ${shortTime(expires!)}`;
  }
}

/** Formats a time to the minute: `2026-12-01 00:00Z`. */
function shortTime(moment: string): string {
  return `${moment.slice(0, 10)} ${moment.slice(11, 16)}Z`;
}
