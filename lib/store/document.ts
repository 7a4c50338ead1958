import { PortForError, quoted } from "../error.ts";
import { parsePortRange, type PortRange } from "../ports/port_range.ts";
import { type PortSet, setOf } from "../ports/port_set.ts";
import { type Association, isExpired, portsOf } from "./association.ts";
import { readEntry } from "./entry.ts";
import {
  isTable,
  parseToml,
  type Place,
  portsTable,
  type Toml,
} from "./toml.ts";
import { placeOf, statementsOf } from "./toml_statements.ts";

/** The newest `version` of the store format that this program understands. */
export const FORMAT_VERSION = 1;

/** What the text of a store means. */
export interface Document {
  /** The text itself. */
  readonly text: string;
  /** The associations by name, in the text's order; unsound ones left out. */
  readonly associations: ReadonlyMap<string, Association>;
  /** What this site wants of ports that are chosen. */
  readonly policy: Policy;
  /** What is wrong with it; a document with problems is never written. */
  readonly problems: readonly Problem[];
}

/** The `[policy]` of a store; a call can override each part. */
export interface Policy {
  /** Choose only in this range. */
  readonly range?: PortRange | undefined;
  /** Do not choose one of these. */
  readonly exclude?: PortSet | undefined;
}

/** One thing that is wrong with the text of a store, and where. */
export interface Problem extends Place {
  /** What is wrong. */
  readonly message: string;
  /** The name that cannot be relied on because of it, if it is one. */
  readonly name?: string;
}

const NEW_DOCUMENT = `\
# port-for: which name holds which port on this machine
version = 1
`;

/**
 * Reads the text of a store. `undefined`, a store that does not exist yet, and
 * an empty text have no associations.
 *
 * @throws {NotTomlError} where the text is not TOML.
 */
export function readDocument(text: string | undefined): Document {
  text ??= NEW_DOCUMENT;
  const toml = parseToml(text);
  const associations = new Map<string, Association>();
  const faults: Fault[] = [...versionFaults(toml)];
  if (toml.ports !== undefined && !isTable(toml.ports)) {
    faults.push({ path: ["ports"], message: '"ports" is not a table' });
  }
  for (const [name, value] of entriesInOrder(text, portsTable(toml))) {
    const association = readEntry(name, value);
    if (typeof association === "string") {
      faults.push({ path: ["ports", name], name, message: association });
    } else associations.set(name, association);
  }
  for (const fault of sharedPorts(associations)) faults.push(fault);
  const policy = readPolicy(toml.policy, faults);
  for (const { name } of faults) if (name) associations.delete(name);
  return { text, associations, policy, problems: located(text, faults) };
}

/**
 * The entries of `[ports]` in the text's order. An object has keys that look
 * like numbers first: only where there are any does the text have to be asked.
 */
function entriesInOrder(text: string, ports: Toml): [string, unknown][] {
  const entries = Object.entries(ports);
  if (!entries.some(([name]) => /^\d+$/.test(name))) return entries;
  const places = new Map<string, number>();
  for (const [place, { path }] of statementsOf(text).entries()) {
    const [table, name] = path;
    if (table === "ports" && name !== undefined && !places.has(name)) {
      places.set(name, place);
    }
  }
  return entries.sort(([a], [b]) =>
    (places.get(a) ?? 0) - (places.get(b) ?? 0)
  );
}

/** What is wrong, before its place in the text is looked up. */
interface Fault {
  readonly path: readonly string[];
  readonly message: string;
  readonly name?: string;
}

function* versionFaults({ version }: Toml): Generator<Fault> {
  if (version === undefined || version === FORMAT_VERSION) return;
  yield {
    path: ["version"],
    message: typeof version === "number" && version > FORMAT_VERSION
      ? `version ${version} is newer than this port-for, which knows ` +
        `${FORMAT_VERSION} (use a newer port-for)`
      : `"version" is not ${FORMAT_VERSION}`,
  };
}

/** Reads the policy; what is wrong with it goes into `faults`. */
function readPolicy(value: unknown, faults: Fault[]): Policy {
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

/** A port or range as text; other values as a text that is no range. */
function asText(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? `${value}`
    : JSON.stringify(value) ?? "";
}

/** Associations that share a port: neither name can be relied on. */
function* sharedPorts(
  associations: ReadonlyMap<string, Association>,
): Generator<Fault> {
  const holders = new Map<number, string>();
  for (const association of associations.values()) {
    if (isExpired(association)) continue;
    const { first, last } = portsOf(association);
    const { name } = association;
    const others = new Set<string>();
    for (let port = first; port <= last; port++) {
      const other = holders.get(port);
      holders.set(port, name);
      if (other === undefined || others.has(other)) continue;
      others.add(other);
      const message = `port ${port} belongs to both ${quoted(other)} and ` +
        quoted(name);
      for (const unsound of [name, other]) {
        yield { path: ["ports", unsound], name: unsound, message };
      }
    }
  }
}

/** Looks up where the faults are: only broken texts pay for that. */
function located(text: string, faults: readonly Fault[]): Problem[] {
  if (faults.length === 0) return [];
  const statements = statementsOf(text);
  return faults.map(({ path, message, name }) => {
    const place = statements.find((statement) =>
      path.every((part, index) =>
        statement.path[index] === part
      )
    ) ?? statements.find((statement) => statement.path[0] === path[0]);
    return {
      message,
      ...placeOf(text, place?.start ?? 0),
      ...(name === undefined ? {} : { name }),
    };
  }).sort((a, b) => a.line - b.line || a.column - b.column);
}
