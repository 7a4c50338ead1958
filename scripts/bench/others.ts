import type { Bench } from "./bench.ts";
import { callsASecond } from "./caller.ts";
import type { Contender } from "./in_turn.ts";
import { runTool } from "./run_tool.ts";

/** A library of others, on npm. */
interface Library {
  readonly name: string;
  readonly version: string;
  readonly imports: string;
  /** The call that picks any free port. */
  readonly call: string;
}

const LIBRARIES: readonly Library[] = [
  {
    name: "get-port",
    version: "7.2.0",
    imports: `import getPort from "get-port";`,
    call: "getPort()",
  },
  {
    name: "portfinder",
    version: "1.0.38",
    imports: `import portfinder from "portfinder";`,
    call: "portfinder.getPortPromise()",
  },
  {
    name: "detect-port",
    version: "2.1.0",
    imports: `import { detectPort } from "detect-port";`,
    call: "detectPort()",
  },
  {
    name: "get-port-please",
    version: "3.2.0",
    imports: `import { getRandomPort } from "get-port-please";`,
    call: "getRandomPort()",
  },
];

const CLI = { name: "get-port-cli", version: "3.0.0" };

/** How get-port is called in the results, at home. */
export const GET_PORT_ON_NODE = "get-port, on Node";

/** The packages of others in a folder, and their versions. */
export async function otherVersions(
  npm: string,
): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const { name } of [...LIBRARIES, CLI]) {
    const version = await versionOf(npm, name);
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

/** The command of get-port-cli; `undefined` where it is missing. */
export async function otherCli(
  bench: Bench,
): Promise<{ name: string; words: readonly string[] } | undefined> {
  if (!await hasNode(bench) || !await isThere(bench, CLI.name)) {
    return undefined;
  }
  const script = `${bench.npm}/node_modules/${CLI.name}/cli.js`;
  return { name: `${CLI.name}, on Node`, words: ["node", script] };
}

/** The libraries that are there, on Node, their home; get-port everywhere. */
export async function otherLibraries(bench: Bench): Promise<Contender[]> {
  const found: Contender[] = [];
  const node = await hasNode(bench);
  for (const library of LIBRARIES) {
    if (!await isThere(bench, library.name)) continue;
    const { name } = library;
    const code = callsASecond(library, bench.plan.callingMs);
    const on = (engine: string, ...words: string[]): Contender => ({
      program: `${name}, on ${engine}`,
      words: () => [...words, code],
      folder: bench.npm,
    });
    if (node) found.push(on("Node", "node", "--input-type=module", "--eval"));
    if (name !== "get-port") continue;
    found.push(on("Deno", Deno.execPath(), "eval", "--quiet"));
    found.push(on("Bun", bench.programs.bun, "--eval"));
  }
  return found;
}

async function hasNode(bench: Bench): Promise<boolean> {
  try {
    await runTool(["node", "--version"]);
    return true;
  } catch {
    bench.note(
      "what runs on Node is left out: it is missing " +
        "(apt-get install nodejs npm)",
    );
    return false;
  }
}

async function isThere(bench: Bench, name: string): Promise<boolean> {
  if (await versionOf(bench.npm, name) !== undefined) return true;
  const packages = [...LIBRARIES, CLI]
    .map(({ name, version }) => `${name}@${version}`).join(" ");
  bench.note(
    `packages of others are left out: they are not in ${bench.npm} ` +
      `(npm install --no-save --no-package-lock --prefix ${bench.npm} ` +
      `${packages})`,
  );
  return false;
}

async function versionOf(
  npm: string,
  name: string,
): Promise<string | undefined> {
  try {
    const file = `${npm}/node_modules/${name}/package.json`;
    return JSON.parse(await Deno.readTextFile(file)).version;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
