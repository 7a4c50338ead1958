import type { Association } from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Call } from "./call.ts";

/** A name as it was written, and as it stands in the store. */
export interface WantedName {
  /** The name as the caller knows it. */
  readonly short: string;
  /** The name in the store. */
  readonly full: string;
}

/**
 * The names that a call is about. With `--here` they belong to the current
 * directory (`/home/me/shop/web`); without any name it is the directory itself.
 */
export function wantedNames(
  call: Call,
  names: readonly string[],
): WantedName[] {
  const wanted = namesIn(call, names);
  for (const { full } of wanted) refuseNoText(full);
  return wanted;
}

/**
 * Arguments and paths that are not UTF-8 come with U+FFFD in their place: two
 * of them could be one name.
 */
function refuseNoText(name: string): void {
  if (!name.includes("\ufffd")) return;
  throw new PortForError(
    "BAD_INPUT",
    `cannot use ${quoted(name)} as a name: it is not valid UTF-8 text`,
  );
}

function namesIn(
  { line, runtime }: Call,
  names: readonly string[],
): WantedName[] {
  if (!line.has("here")) {
    return names.map((name) => ({ short: name, full: name }));
  }
  const here = directoryName(runtime);
  if (names.length === 0) {
    return [{ short: here.split("/").at(-1) || here, full: here }];
  }
  // An empty name stays one, to be refused as such.
  return names.map((name) => ({
    short: name,
    full: name === "" ? "" : `${here === "/" ? "" : here}/${name}`,
  }));
}

/** The associations of the current directory, each with its short name. */
export function associationsHere(
  { line, runtime }: Call,
  associations: readonly Association[],
): { short: string; association: Association }[] {
  if (!line.has("here")) {
    return associations.map((association) => ({
      short: association.name,
      association,
    }));
  }
  const here = directoryName(runtime);
  const inside = here === "/" ? "/" : `${here}/`;
  const folder = runtime.currentFolder();
  return associations.flatMap((association) => {
    const { name, directory = folder } = association;
    // A checkout further down has names of its own.
    if (directory !== folder) return [];
    if (name === here) {
      return [{ short: here.split("/").at(-1) || here, association }];
    }
    if (!name.startsWith(inside)) return [];
    return [{ short: name.slice(inside.length), association }];
  });
}

/** The current directory as it begins names: with slashes on Windows too. */
function directoryName(runtime: Runtime): string {
  const folder = runtime.currentFolder();
  return runtime.os === "windows" ? folder.replaceAll("\\", "/") : folder;
}
