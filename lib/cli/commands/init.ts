import { composedNames, nameProblem } from "../../association.ts";
import { newFileLike } from "../../disk/new_files.ts";
import { replaceFile } from "../../disk/replace_file.ts";
import { OTHER_FILE } from "../../disk/store_error.ts";
import { onOneLine, PortForError, quoted } from "../../error.ts";
import type { Checkout } from "../../machine/checkout.ts";
import { MANIFEST } from "../../machine/checkout.ts";
import { joined } from "../../runtime/path.ts";
import { isThere } from "../../runtime/presence.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { utf8Text } from "../../runtime/utf8.ts";
import { entryKey } from "../../toml/entry.ts";
import type { Call } from "../call.ts";
import { variablesOf } from "../env.ts";
import type { FoundNames } from "../found_names.ts";

/**
 * `--here --init NAME...`: writes a first manifest at the root of the checkout.
 * Without a NAME, the names come from a Compose file's services that publish
 * ports, or from a Procfile.
 */
export async function init(call: Call): Promise<void> {
  const { line, runtime } = call;
  const checkout = call.checkout!;
  const path = joined(checkout.root, MANIFEST, runtime.os);
  if (checkout.manifest) throw there(path);
  const { names, skipped } = line.names.length > 0
    ? { names: [...new Set(composedNames(line.names))], skipped: [] }
    : await foundNames(checkout, runtime);
  for (const name of names) {
    const wrong = nameProblem(name);
    if (wrong === undefined) continue;
    throw new PortForError(
      "BAD_INPUT",
      `cannot write ${path}: the name ${quoted(name)} is not valid: ${wrong}`,
    );
  }
  // Refuses names with the same variable now and not at the first use.
  variablesOf(names.map((name) => [name, 0] as const));
  const text = manifestText(names);
  create(path, text, runtime);
  runtime.writeOut(
    `wrote ${onOneLine(path)}:\n\n${text}` +
      skipped.map((why) => `\nskipped: ${onOneLine(why)}`).join("") +
      (skipped.length > 0 ? "\n" : ""),
  );
}

/** Names from the first file that lists the project's services. */
async function foundNames(
  { root }: Checkout,
  runtime: Runtime,
): Promise<FoundNames> {
  for (const file of COMPOSE_FILES) {
    const text = textOf(joined(root, file, runtime.os), runtime);
    if (text === undefined) continue;
    const { composeNames } = await import("../compose_names.ts");
    try {
      return nonEmpty(composeNames(text), file);
    } catch (error) {
      if (error instanceof PortForError) throw error;
      const [why = ""] = (error as Error).message.split(/:?\n/);
      throw new PortForError(
        "FAILED",
        `cannot read ${file}: ${onOneLine(why)} (fix it, or name the names: ` +
          `port-for --here --init web db)`,
      );
    }
  }
  const procfile = textOf(joined(root, "Procfile", runtime.os), runtime);
  if (procfile !== undefined) {
    return nonEmpty(procfileNames(procfile), "Procfile");
  }
  throw new PortForError(
    "BAD_INPUT",
    `cannot write a manifest: ${root} has no Compose file and no Procfile to ` +
      `take names from (name them: port-for --here --init web db)`,
  );
}

const COMPOSE_FILES = [
  "compose.yaml",
  "compose.yml",
  "docker-compose.yaml",
  "docker-compose.yml",
];

function nonEmpty(found: FoundNames, file: string): FoundNames {
  if (found.names.length > 0) return found;
  const why = found.skipped.length > 0 ? `: ${found.skipped.join("; ")}` : "";
  throw new PortForError(
    "FAILED",
    `cannot write a manifest: ${file} names no service with a port${why} ` +
      `(name them: port-for --here --init web db)`,
  );
}

/** The process types of a Procfile: each line is `name: command`. */
function procfileNames(text: string): FoundNames {
  const names = [...text.matchAll(/^([A-Za-z0-9_-]+):/gm)]
    .map(([, name]) => name!)
    // By convention, `release` runs once before a release and does not listen.
    .filter((name) => name !== "release");
  return { names: [...new Set(names)], skipped: [] };
}

function manifestText(names: readonly string[]): string {
  return `\
# The ports of this project, another set for each checkout. See which:
#   port-for --here
# Run something with them (in $WEB_PORT, or {web} in its arguments):
#   port-for --here -- npm run dev
# A name can say more: { prefer = 3000 }, { count = 4 }, { udp = true }.
[names]
${names.map((name) => `${entryKey(name)} = {}\n`).join("")}
# Variables of your own, made of these ports, for --env and commands:
# [env]
# DATABASE_URL = "postgres://localhost:{db}/shop"
`;
}

/** Creates a file, atomically. Never replaces anything, not even a symlink. */
function create(path: string, text: string, runtime: Runtime): void {
  const how = {
    isStillGood: () => !isThere(path, runtime),
    like: newFileLike(path, runtime),
    other: OTHER_FILE,
    unlocked: true,
  };
  if (!replaceFile(path, undefined, text, how, runtime)) throw there(path);
}

function there(path: string): PortForError {
  return new PortForError(
    "FAILED",
    `cannot write ${path}: it already exists (edit it)`,
  );
}

function textOf(path: string, runtime: Runtime): string | undefined {
  try {
    const { kind, size } = runtime.stat(path);
    if (kind !== "file" || size > 1024 * 1024) return undefined;
    return utf8Text(runtime.readFile(path));
  } catch {
    return undefined;
  }
}
