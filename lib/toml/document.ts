import { PortForError, quoted } from "../error.ts";
import { anyOverlap, parsePortRange } from "../ports/port_range.ts";
import { setOf } from "../ports/port_set.ts";
import { type Association, isExpired, portsOf } from "../association.ts";
import type { Policy } from "../place.ts";
import { readEntry } from "./entry.ts";
import { OWN_HEAD } from "./plain_text.ts";
import { isTable, readToml, type Toml } from "./meaning.ts";
import { type Place, placesIn, statementsOf } from "./statements.ts";

/** The newest `version` of the store format that this program understands. */
const FORMAT_VERSION = 1;

/** The meaning of a store's text. */
export interface Document {
  /** The text itself. */
  readonly text: string;
  /**
   * The associations by name, in the order of the text, without invalid ones.
   */
  readonly associations: ReadonlyMap<string, Association>;
  /** The `[policy]`. */
  readonly policy: Policy;
  /** What is wrong with the text. A document with problems is never written. */
  readonly problems: readonly Problem[];
}

/** A problem in the text of a store, with its place. */
export interface Problem extends Place {
  /** What is wrong. */
  readonly message: string;
  /** The name whose association is invalid because of it, if any. */
  readonly name?: string;
  /** What to do about it, if fixing the text is not the answer. */
  readonly wayOut?: string;
}

const NEW_DOCUMENT = `${OWN_HEAD}[ports]\n`;

/**
 * Reads the text of a store; `undefined` stands for a store that does not exist
 * yet.
 *
 * @throws {NotTomlError} if the text is not TOML.
 */
export function readDocument(text: string | undefined): Document {
  text ??= NEW_DOCUMENT;
  const { rest, ports } = readToml(text);
  const associations = new Map<string, Association>();
  const faults: Fault[] = [...versionFaults(rest)];
  if (rest.ports !== undefined) {
    faults.push({ path: ["ports"], message: '"ports" is not a table' });
  }
  for (const [name, value] of ports) {
    const association = readEntry(name, value);
    if (typeof association === "string") {
      faults.push({ path: ["ports", name], name, message: association });
    } else associations.set(name, association);
  }
  for (const fault of sharedPorts(associations)) faults.push(fault);
  const policy = readPolicy(rest.policy, faults);
  for (const { name } of faults) if (name) associations.delete(name);
  return { text, associations, policy, problems: located(text, faults) };
}

/** A problem before its place in the text is known. */
export interface Fault {
  readonly path: readonly string[];
  readonly message: string;
  readonly name?: string;
  readonly wayOut?: string;
}

function* versionFaults({ version }: Toml): Generator<Fault> {
  if (version === undefined || version === FORMAT_VERSION) return;
  const path = ["version"];
  if (typeof version === "number" && version > FORMAT_VERSION) {
    const message = `version ${version} is newer than this port-for, which ` +
      `knows ${FORMAT_VERSION}`;
    yield { path, message, wayOut: "use a newer port-for" };
  } else {
    yield { path, message: `"version" is not ${FORMAT_VERSION}` };
  }
}

/** Reads a policy. Its problems are added to `faults`. */
export function readPolicy(value: unknown, faults: Fault[]): Policy {
  if (value === undefined) return {};
  if (!isTable(value)) {
    faults.push({ path: ["policy"], message: '"policy" is not a table' });
    return {};
  }
  const { range, exclude } = value;
  const read = <T>(key: string, make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof PortForError)) throw error;
      faults.push({ path: ["policy", key], message: error.message });
      return undefined;
    }
  };
  const parts = (Array.isArray(exclude) ? exclude : [exclude]).map(asText);
  return {
    ...(range === undefined ? {} : {
      range: read("range", () => parsePortRange(asText(range), "the range")),
    }),
    ...(exclude === undefined ? {} : {
      exclude: read("exclude", () =>
        setOf(
          parts.flatMap((part) => part.split(","))
            .map((part) => parsePortRange(part, "the exclusion")),
        )),
    }),
  };
}

/** A port or range as text; any other value as a text that is not a range. */
function asText(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? `${value}`
    : JSON.stringify(value) ?? "";
}

/**
 * Associations that share a port; both are invalid. Sorted by port, an
 * association that overlaps any earlier one also overlaps the one that reaches
 * furthest.
 */
function* sharedPorts(
  associations: ReadonlyMap<string, Association>,
): Generator<Fault> {
  const live = [...associations.values()]
    .filter((association) => !isExpired(association));
  if (!anyOverlap(live.map(portsOf))) return;
  const inOrder = live.sort((a, b) => a.port - b.port);
  let furthest: Association | undefined;
  for (const association of inOrder) {
    if (furthest && association.port <= portsOf(furthest).last) {
      const message = `port ${association.port} belongs to both ` +
        [furthest.name, association.name].sort().map(quoted).join(" and ");
      for (const { name } of [association, furthest]) {
        yield { path: ["ports", name], name, message };
      }
    }
    if (!furthest || portsOf(association).last > portsOf(furthest).last) {
      furthest = association;
    }
  }
}

/** Finds the places of the faults. Only invalid texts pay for that. */
function located(text: string, faults: readonly Fault[]): Problem[] {
  if (faults.length === 0) return [];
  const starts = new Map<string, number>();
  for (const { path, start } of statementsOf(text)) {
    for (const key of [keyOf(path.slice(0, 1)), keyOf(path.slice(0, 2))]) {
      if (!starts.has(key)) starts.set(key, start);
    }
  }
  const place = placesIn(text);
  return faults
    .map((fault) => ({
      ...fault,
      start: starts.get(keyOf(fault.path)) ??
        starts.get(keyOf(fault.path.slice(0, 1))) ?? 0,
    }))
    .sort((a, b) => a.start - b.start)
    .map(({ message, name, wayOut, start }) => ({
      message,
      ...place(start),
      ...(name === undefined ? {} : { name }),
      ...(wayOut === undefined ? {} : { wayOut }),
    }));
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
