import type { Association } from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import { type Checkout, checkoutOf } from "../machine/checkout.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Manifest, ManifestName } from "../toml/manifest.ts";
import type { Call } from "./call.ts";

/** A name as the user wrote it, and as the store has it. */
export interface WantedName {
  /** The name as the user wrote it. */
  readonly short: string;
  /** The name in the store. */
  readonly full: string;
  /** The path of the checkout that it belongs to, if any. */
  readonly directory?: string;
  /** How the manifest wants its port to be chosen. */
  readonly wishes?: ManifestName;
}

/**
 * The names that a call is about. With `--here` they belong to the checkout
 * (`/home/me/shop/web`); if none is given, they are all names of its manifest
 * or, without a manifest, the checkout itself.
 *
 * @param manifest The checkout's manifest, if the command uses it.
 */
export async function wantedNames(
  call: Call,
  names: readonly string[],
  manifest?: Manifest,
): Promise<WantedName[]> {
  // Some systems enter an accent as a separate character.
  const composed = names.map((name) => name.normalize());
  const wanted = call.checkout
    ? await namesHere(call, call.checkout, composed, manifest)
    : composed.map((name) => ({ short: name, full: name }));
  for (const { full } of wanted) refuseNoText(full);
  return wanted;
}

async function namesHere(
  call: Call,
  checkout: Checkout,
  names: readonly string[],
  manifest: Manifest | undefined,
): Promise<WantedName[]> {
  const directory = checkout.root;
  const root = asNamed(directory, call.runtime);
  if (names.length === 0 && !manifest) {
    return [{ short: lastPart(root), full: root, directory }];
  }
  const shorts = names.length > 0 ? names : [...manifest!.names.keys()];
  const older = await olderNames(call, checkout);
  return shorts.map((short) => {
    const wishes = manifest?.names.get(short);
    return {
      short,
      // Keeps an empty name empty, so that it is refused.
      ...(older.get(short) ?? {
        full: short === "" ? "" : below(root, short),
        directory,
      }),
      ...(wishes ? { wishes } : {}),
    };
  });
}

/**
 * Names from older versions, where the current folder counted by itself and not
 * as part of its checkout. They still work from that folder.
 */
async function olderNames(
  { store, runtime }: Call,
  { root, folder }: Checkout,
): Promise<Map<string, Pick<WantedName, "full" | "directory">>> {
  const older = new Map<string, Pick<WantedName, "full" | "directory">>();
  if (folder === root) return older;
  const inside = `${asNamed(folder, runtime)}/`;
  for (const { name, directory } of await (await store.place.read([])).all()) {
    if (directory !== folder || !name.startsWith(inside)) continue;
    older.set(name.slice(inside.length), { full: name, directory });
  }
  return older;
}

/** The associations of the checkout, each with its short name. */
export function associationsHere(
  { checkout, runtime }: Call,
  associations: readonly Association[],
): { short: string; association: Association }[] {
  if (!checkout) {
    return associations.map((association) => ({
      short: association.name,
      association,
    }));
  }
  const root = asNamed(checkout.root, runtime);
  return associations
    .filter((association) => belongsHere(association, checkout, runtime))
    .map((association) => ({
      short: association.name === root
        ? lastPart(root)
        : association.name.slice(below(root, "").length),
      association,
    }));
}

/** Whether a name belongs to a checkout or to a folder in it. */
function belongsHere(
  { name, directory }: Association,
  { root }: Checkout,
  runtime: Runtime,
): boolean {
  const own = asNamed(root, runtime);
  if (name !== own && !name.startsWith(below(own, ""))) return false;
  // A checkout inside this one has names of its own.
  return directory === undefined || directory === root ||
    checkoutOf(directory, runtime).root === root;
}

/** Whether a name belongs to a folder that is not a checkout's root. */
export function isOlderName(
  { directory }: Association,
  runtime: Runtime,
): boolean {
  return directory !== undefined &&
    checkoutOf(directory, runtime).root !== directory;
}

/** A folder as names begin with it: with slashes, even on Windows. */
function asNamed(folder: string, { os }: Runtime): string {
  return os === "windows" ? folder.replaceAll("\\", "/") : folder;
}

function below(root: string, name: string): string {
  return `${root === "/" ? "" : root}/${name}`;
}

function lastPart(path: string): string {
  return path.split("/").at(-1) || path;
}

/**
 * Bytes that are not UTF-8 are decoded to U+FFFD, so two different arguments or
 * paths could give the same name.
 */
function refuseNoText(name: string): void {
  if (!name.includes("\ufffd")) return;
  throw new PortForError(
    "BAD_INPUT",
    `cannot use ${quoted(name)} as a name: it is not valid UTF-8 text`,
  );
}
