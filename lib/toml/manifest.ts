import { nameProblem } from "../association.ts";
import { nearest, PortForError, quoted } from "../error.ts";
import { isPort, parsePortRange, type PortRange } from "../ports/port_range.ts";
import { parseDuration } from "../ports/duration.ts";
import { isTable, NotTomlError, readTable, type Toml } from "./meaning.ts";
import { type Place, placesIn, statementsOf } from "./statements.ts";
import { readTemplate, type Template, TemplateError } from "./template.ts";
import { valueProblem, variableProblem } from "./variables.ts";

/** What a project needs: names, and variables made from their ports. */
export interface Manifest {
  /** What each name needs, in the manifest's order. */
  readonly names: ReadonlyMap<string, ManifestName>;
  /** The variables of `[env]`, in the manifest's order. */
  readonly variables: ReadonlyMap<string, Template>;
}

/** How to choose the port for a name of a manifest. */
export interface ManifestName {
  /**
   * This port, 1-65535, if it is free: the first checkout that asks gets it.
   */
  readonly prefer?: number;
  /** How many consecutive ports. */
  readonly count?: number;
  /** Whether the UDP port must be free too. */
  readonly udp?: boolean;
  /** The range to choose from. */
  readonly range?: PortRange;
  /** Make it a lease of this many seconds. */
  readonly ttl?: number;
}

/**
 * More than any project needs. A manifest comes from strangers, so it is
 * limited.
 */
const MOST_NAMES = 64;
const MOST_PORTS = 256;

const TABLES = ["names", "env"];
const KEYS = ["prefer", "count", "udp", "range", "ttl"];

/** A problem, with the path of the key that has it. */
class Fault extends Error {
  readonly path: readonly string[];

  constructor(path: readonly string[], message: string) {
    super(message);
    this.path = path;
  }
}

/**
 * Reads a manifest.
 *
 * @param file Its path, for messages.
 * @throws {PortForError} `STORE_INVALID`, with file, line and column.
 */
export function readManifest(text: string, file: string): Manifest {
  const invalid = ({ line, column }: Place, why: string) =>
    new PortForError(
      "STORE_INVALID",
      `cannot use the manifest ${file}, line ${line}, column ${column}: ${why}`,
    );
  try {
    return manifestOf(readTable(text), text);
  } catch (error) {
    if (error instanceof NotTomlError) {
      throw invalid(error.problem, `${error.problem.message} (fix it)`);
    }
    if (error instanceof Fault) {
      throw invalid(placeOf(text, error.path), error.message);
    }
    throw error;
  }
}

function manifestOf(toml: Toml, text: string): Manifest {
  refuseUnknown([], toml, TABLES);
  const entries = tableIn(toml, "names");
  const names = new Map<string, ManifestName>();
  for (const name of inOrder(text, "names", entries)) {
    const wishes = readName(name, entries[name]);
    const composed = name.normalize();
    if (names.has(composed)) {
      const why = `${quoted(composed)} is there already, in another spelling`;
      throw new Fault(["names", name], why);
    }
    names.set(composed, wishes);
  }
  refuseTooMany(names);
  const values = tableIn(toml, "env");
  const variables = new Map<string, Template>();
  for (const variable of inOrder(text, "env", values)) {
    variables.set(variable, readVariable(variable, values[variable], names));
  }
  return { names, variables };
}

function tableIn(toml: Toml, key: string): Toml {
  const value = toml[key] ?? {};
  if (isTable(value)) return value;
  throw new Fault([key], `"${key}" is not a table (write [${key}])`);
}

function refuseUnknown(
  path: readonly string[],
  table: Toml,
  known: readonly string[],
): void {
  for (const key of Object.keys(table)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    throw new Fault(
      [...path, key],
      `there is no key ${quoted(key)} ` +
        (meant
          ? `(did you mean "${meant}"?)`
          : `(there are ${known.join(", ")})`),
    );
  }
}

/**
 * Sorts keys as in the text: an object puts keys that look like numbers first.
 */
function inOrder(text: string, table: string, entries: Toml): string[] {
  const order = new Map<string, number>();
  for (const [at, { path }] of statementsOf(text).entries()) {
    const [first, name] = path;
    if (first === table && name !== undefined && !order.has(name)) {
      order.set(name, at);
    }
  }
  return Object.keys(entries).sort((a, b) =>
    (order.get(a) ?? 0) - (order.get(b) ?? 0)
  );
}

function readName(name: string, value: unknown): ManifestName {
  const path = ["names", name];
  const wrong = nameProblem(name.normalize());
  if (wrong !== undefined) {
    throw new Fault(path, `the name ${quoted(name)} is not valid: ${wrong}`);
  }
  if (!isTable(value)) {
    throw new Fault(
      path,
      `${quoted(name)} is not a table (write {}, or what the name needs, ` +
        `such as { prefer = 3000 })`,
    );
  }
  refuseUnknown(path, value, KEYS);
  const { prefer, count, udp, range, ttl } = value;
  const not = (key: string, what: string) =>
    new Fault([...path, key], `"${key}" of ${quoted(name)} is not ${what}`);
  if (prefer !== undefined && !isPort(prefer)) {
    throw not("prefer", "a port from 1 to 65535");
  }
  if (count !== undefined && !isPort(count)) {
    throw not("count", `a whole number from 1 to ${MOST_PORTS}`);
  }
  if (prefer !== undefined && count !== undefined && prefer + count > 65536) {
    throw not("count", `possible from ${prefer} on`);
  }
  if (udp !== undefined && typeof udp !== "boolean") {
    throw not("udp", "true or false");
  }
  return {
    ...(prefer === undefined ? {} : { prefer }),
    ...(count === undefined ? {} : { count }),
    ...(udp === undefined ? {} : { udp }),
    ...(range === undefined ? {} : {
      range: readText([...path, "range"], range, parsePortRange),
    }),
    ...(ttl === undefined ? {} : {
      ttl: readText(
        [...path, "ttl"],
        ttl,
        (text) => parseDuration(text, "ttl"),
      ),
    }),
  };
}

function readText<T>(
  path: readonly string[],
  value: unknown,
  read: (text: string) => T,
): T {
  try {
    return read(typeof value === "string" ? value : JSON.stringify(value));
  } catch (error) {
    if (error instanceof PortForError) throw new Fault(path, error.message);
    throw error;
  }
}

function refuseTooMany(names: ReadonlyMap<string, ManifestName>): void {
  const ports = [...names.values()]
    .reduce((sum, { count = 1 }) => sum + count, 0);
  if (names.size > MOST_NAMES) {
    throw new Fault(
      ["names"],
      `it has ${names.size} names, more than ${MOST_NAMES}`,
    );
  }
  if (ports > MOST_PORTS) {
    throw new Fault(
      ["names"],
      `it asks for ${ports} ports, more than ${MOST_PORTS}`,
    );
  }
}

function readVariable(
  variable: string,
  value: unknown,
  names: ReadonlyMap<string, ManifestName>,
): Template {
  const path = ["env", variable];
  const wrong = variableProblem(variable);
  if (wrong !== undefined) {
    throw new Fault(path, `the variable ${quoted(variable)}: ${wrong}`);
  }
  if (typeof value !== "string") {
    throw new Fault(path, `${variable} is not text (put it in quotes)`);
  }
  const problem = valueProblem(value);
  if (problem !== undefined) throw new Fault(path, `${variable}: ${problem}`);
  try {
    return readTemplate(value, names);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new Fault(path, `${variable}: ${error.message}`);
  }
}

/** The place of a key or, if that cannot be found, of its table. */
function placeOf(text: string, path: readonly string[]): Place {
  const statements = statementsOf(text);
  for (let length = path.length; length > 0; length--) {
    const wanted = path.slice(0, length);
    const found = statements.find((statement) =>
      wanted.every((part, at) => statement.path[at] === part)
    );
    if (found) return placesIn(text)(found.start);
  }
  return { line: 1, column: 1 };
}
