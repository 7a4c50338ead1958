/**
 * Regenerates data/ from the IANA registry and the Wikipedia list. The same
 * sources give the same bytes. Usage: deno task update-ports --help
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { formatPortRange, MAX_PORT } from "../lib/ports/port_range.ts";
import { PortSet } from "../lib/ports/port_set.ts";
import { isLongEnough } from "../lib/ports/range_shape.ts";
import { readIana } from "./port_sources/iana.ts";
import { ORCHESTRATORS } from "./port_sources/orchestrators.ts";
import type { PortRow, PortSource } from "./port_sources/port_row.ts";
import { readWikipedia } from "./port_sources/wikipedia.ts";

const IANA_URL =
  "https://www.iana.org/assignments/service-names-port-numbers/service-names-port-numbers.csv";
const WIKIPEDIA_URL =
  "https://en.wikipedia.org/w/index.php?title=List_of_TCP_and_UDP_port_numbers&action=raw";

const USAGE = `Usage: deno task update-ports [options]

  --iana FILE             the IANA registry as CSV (default: its URL)
  --wikipedia FILE        the article's wikitext, or facts separated by tabs:
                          port, TCP status, UDP status, name (default: its URL)
  --iana-state DATE       the date of the state, instead of the one in the source
  --wikipedia-state DATE  likewise
  --out FOLDER            where to write (default: data)
  --allow-shrink          write even where a list lost more than a fifth`;

/** A list may lose this share of its ports; beyond that, a person must look. */
const MOST_LOST = 1 / 5;

if (import.meta.main) await main(Deno.args);

async function main(args: string[]): Promise<void> {
  const options = parseArgs(args, {
    string: ["iana", "wikipedia", "iana-state", "wikipedia-state", "out"],
    boolean: ["help", "allow-shrink"],
    default: { out: "data", iana: IANA_URL, wikipedia: WIKIPEDIA_URL },
    unknown: (argument: string) => fail(`unknown argument ${argument}`, 2),
  });
  if (options.help) return console.log(USAGE);
  for (const name of ["iana", "wikipedia", "out"] as const) {
    if (options[name] === "") fail(`--${name} needs a value`, 2);
  }
  try {
    const iana = await load(options.iana, readIana, options["iana-state"]);
    const wikipedia = await load(
      options.wikipedia,
      readWikipedia,
      options["wikipedia-state"],
    );
    const sets = {
      assigned: ports(iana.rows),
      wikipedia: ports(
        wikipedia.rows.filter((row) => row.transports.includes("tcp")),
      ),
    };
    if (!options["allow-shrink"]) await refuseShrinking(options.out, sets);
    const sources = [
      `assigned: ${shownSource(options.iana, IANA_URL)}`,
      `  state of ${iana.state}, ${iana.rows.length} services, ` +
      `${sets.assigned.size} ports`,
      `well known: ${shownSource(options.wikipedia, WIKIPEDIA_URL)}`,
      `  state of ${wikipedia.state}, ${wikipedia.rows.length} rows, ` +
      `${sets.wikipedia.size} ports`,
      `  and ${ORCHESTRATORS.map(formatPortRange)}: published by orchestrators`,
    ];
    await writeAll(options.out, {
      "ranges.ts": rangesModule(sets, sources),
      "services.ts": servicesModule(
        iana.rows,
        [...wikipedia.rows, ...ORCHESTRATORS],
        sources,
      ),
    });
    console.log(sources.join("\n"));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error), 1);
  }
}

async function load(
  from: string,
  read: (text: string) => PortSource,
  stateGiven: string | undefined,
): Promise<PortSource> {
  const { text, modified } = await fetchText(from);
  let source: PortSource;
  try {
    source = read(text);
  } catch (error) {
    throw new Error(`cannot read ${from}: ${(error as Error).message}`);
  }
  const state = stateGiven || source.state || modified;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(state)) {
    throw new Error(
      `cannot tell the state of ${from} (give its date as YYYY-MM-DD with ` +
        `--iana-state or --wikipedia-state)`,
    );
  }
  return { ...source, state };
}

async function fetchText(
  from: string,
): Promise<{ text: string; modified: string }> {
  if (!/^https?:/.test(from)) {
    return { text: await Deno.readTextFile(from), modified: "" };
  }
  const response = await fetch(from);
  if (!response.ok) {
    throw new Error(`cannot fetch ${from}: status ${response.status}`);
  }
  const date = new Date(response.headers.get("last-modified") ?? Date.now());
  return {
    text: await response.text(),
    modified: date.toISOString().slice(0, 10),
  };
}

function ports(rows: readonly PortRow[]): PortSet {
  const set = new PortSet();
  for (const row of rows) set.add(row);
  return set;
}

/** A source that changed its format must not silently empty a list. */
async function refuseShrinking(
  folder: string,
  now: Record<string, PortSet>,
): Promise<void> {
  const before = await sizesIn(`${folder}/ranges.ts`);
  for (const [list, { size }] of Object.entries(now)) {
    const was = before[list] ?? 0;
    if (size === 0 || size < was * (1 - MOST_LOST)) {
      throw new Error(
        `cannot update ${folder}: ${list} would shrink from ${was} to ${size} ` +
          `ports (check the source; --allow-shrink if that is right)`,
      );
    }
  }
}

async function sizesIn(file: string): Promise<Record<string, number>> {
  try {
    const text = await Deno.readTextFile(file);
    const sizes = /^export const SIZES = (\{[^}]*\})/m.exec(text)?.[1];
    return JSON.parse((sizes ?? "{}").replace(/(\w+):/g, '"$1":'));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

function rangesModule(
  { assigned, wikipedia }: { assigned: PortSet; wikipedia: PortSet },
  sources: string[],
): string {
  const wellKnown = ports(ORCHESTRATORS).addAll(wikipedia);
  const unclaimed = new PortSet().add({ first: 1, last: MAX_PORT })
    .deleteAll(assigned).deleteAll(wellKnown);
  const longRuns = [...unclaimed.ranges()].filter((run) => isLongEnough(run));
  return `${
    heading(
      "Which ports are assigned or well known: all that choosing needs.",
      sources,
    )
  }
/** How many ports each source has. */
export const SIZES = { assigned: ${assigned.size}, wikipedia: ${wikipedia.size} };

/** Ports in the IANA registry for at least one transport. */
export const ASSIGNED = \`
${wrapped(textsOf(assigned))}
\`;

/** Ports in wide use over TCP: the Wikipedia list, and orchestrators. */
export const WELL_KNOWN = \`
${wrapped(textsOf(wellKnown))}
\`;

/**
 * The runs of ports on neither list that are long enough to be good ranges: the
 * first and the last port of one, of the next, and so on. A list of numbers is
 * there at once, while a text has to be parsed.
 */
export const UNCLAIMED_RUNS: readonly number[] = [
${wrapped(longRuns.map(({ first, last }) => `${first},${last},`))}
];
`;
}

function servicesModule(
  iana: readonly PortRow[],
  wellKnown: readonly PortRow[],
  sources: string[],
): string {
  return `${
    heading(
      "Which services use which port: for explaining, not loaded for choosing.",
      sources,
    )
  }
/**
 * The IANA registry, one service a line: ports, transports, service name,
 * description, separated by tabs.
 */
export const IANA_SERVICES = \`
${lines(iana)}
\`;

/** What is well known, in the same form. */
export const WELL_KNOWN_SERVICES = \`
${lines(wellKnown)}
\`;
`;
}

function heading(title: string, sources: string[]): string {
  return `/**
 * ${title}
 * Generated by \`deno task update-ports\`; do not edit.
 *
${sources.map((line) => ` * ${line}`).join("\n")}
 *
 * @module
 */
`;
}

function lines(rows: readonly PortRow[]): string {
  return rows.map((row) =>
    [
      formatPortRange(row),
      row.transports.join(","),
      row.name,
      row.description,
    ].join("\t").replace(/[\\`]|\$(?=\{)/g, "\\$&")
  ).join("\n");
}

function textsOf(set: PortSet): string[] {
  return [...set.ranges()].map(formatPortRange);
}

/** Joins texts with blanks into lines of up to 80 characters. */
function wrapped(texts: readonly string[]): string {
  const filled: string[] = [];
  let line = "";
  for (const text of texts) {
    if (line.length + 1 + text.length > 80) {
      filled.push(line);
      line = text;
    } else line = line === "" ? text : `${line} ${text}`;
  }
  return [...filled, line].join("\n");
}

/**
 * The name of a source: a URL, or a file's name without the maintainer's path.
 */
function shownSource(from: string, url: string): string {
  return from === url ? url : from.replace(/^.*[/\\]/, "");
}

/**
 * Writes all files under temporary names first, so that they are replaced
 * together.
 */
async function writeAll(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const names = Object.keys(files);
  try {
    for (const name of names) {
      await Deno.writeTextFile(`${folder}/${name}.new`, files[name]!);
    }
  } catch (error) {
    for (const name of names) {
      await Deno.remove(`${folder}/${name}.new`).catch(() => {});
    }
    throw error;
  }
  for (const name of names) {
    await Deno.rename(`${folder}/${name}.new`, `${folder}/${name}`);
  }
}

function fail(message: string, status: number): never {
  console.error(`update-ports: ${message}`);
  if (status === 2) console.error(USAGE);
  Deno.exit(status);
}
