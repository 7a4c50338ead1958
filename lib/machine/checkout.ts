import { PortForError } from "../error.ts";
import { folderOf, joined } from "../runtime/path.ts";
import type { FileFacts, Runtime } from "../runtime/runtime.ts";

/** The manifest's file name: it lists the names a project needs. */
export const MANIFEST = ".port-for.toml";

/** A checkout, and what marks it. */
export interface Checkout {
  /** Its root, as a real path. */
  readonly root: string;
  /** What marks it; `undefined` if it is just the current folder. */
  readonly marker?: ".git" | ".jj" | ".hg" | typeof MANIFEST;
  /** The current folder, as a real path inside the root. */
  readonly folder: string;
  /** The path of its manifest, if it has one. */
  readonly manifest?: string;
}

/**
 * The checkout that the current folder is in: the nearest folder upwards with
 * `.git`, `.jj` or `.hg`; without one, the nearest with a manifest; otherwise
 * the current folder. git is not run and `GIT_*` variables, which hooks set,
 * are ignored.
 *
 * @throws {PortForError} if the current folder is gone, or if there is a
 * manifest below the root: adding a file must not move ports silently.
 */
export function currentCheckout(runtime: Runtime): Checkout {
  const folder = currentFolder(runtime);
  const found = checkoutOf(folder, runtime);
  const manifest = joined(found.root, MANIFEST, runtime.os);
  for (const between of foldersUpTo(found.root, folder, runtime)) {
    const lower = joined(between, MANIFEST, runtime.os);
    if (factsOf(lower, runtime)) throw twoPlaces(lower, manifest);
  }
  return {
    ...found,
    folder,
    ...(factsOf(manifest, runtime) ? { manifest } : {}),
  };
}

/**
 * The root of the checkout that a folder is in, and what marks it.
 *
 * @param folder A real path.
 */
export function checkoutOf(
  folder: string,
  runtime: Runtime,
): Pick<Checkout, "root" | "marker"> {
  const home = homeFolder(runtime);
  const candidates = foldersUpwards(folder, runtime)
    // Many people keep a repository in their home folder; it is not a project.
    .filter((path) => path !== home && folderOf(path, runtime.os) !== path);
  for (const root of candidates) {
    const marker = repositoryIn(root, runtime);
    if (marker) return { root, marker };
  }
  const root = candidates.find((path) =>
    factsOf(joined(path, MANIFEST, runtime.os), runtime)
  );
  return root ? { root, marker: MANIFEST } : { root: folder };
}

function repositoryIn(
  folder: string,
  runtime: Runtime,
): ".git" | ".jj" | ".hg" | undefined {
  const path = (name: string) => joined(folder, name, runtime.os);
  if (isGit(path(".git"), runtime)) return ".git";
  for (const marker of [".jj", ".hg"] as const) {
    if (factsOf(path(marker), runtime)?.kind === "folder") return marker;
  }
  return undefined;
}

/**
 * Whether it is a repository, or the file that worktrees and submodules have
 * instead. The path in that file is not followed: it may not exist in a
 * container.
 */
function isGit(path: string, runtime: Runtime): boolean {
  const facts = factsOf(path, runtime);
  if (facts?.kind === "folder") {
    return factsOf(joined(path, "HEAD", runtime.os), runtime) !== undefined;
  }
  if (facts?.kind !== "file" || facts.size > LONGEST_GIT_FILE) return false;
  try {
    const text = new TextDecoder().decode(runtime.readFile(path));
    return text.startsWith("gitdir:");
  } catch {
    return false;
  }
}

/** In bytes: such a file holds just one path. */
const LONGEST_GIT_FILE = 16 * 1024;

function currentFolder(runtime: Runtime): string {
  let folder = "";
  try {
    folder = runtime.currentFolder();
    return runtime.realPath(folder);
  } catch (cause) {
    // Bytes that are not UTF-8 are decoded to this character.
    const why = folder.includes("\ufffd")
      ? "the path of the current folder is not valid UTF-8 text"
      : "the current folder is gone";
    throw new PortForError(
      "FAILED",
      `cannot tell which checkout this is: ${why} (go to another one)`,
      { cause },
    );
  }
}

function homeFolder(runtime: Runtime): string | undefined {
  const home = runtime.env("HOME") || runtime.env("USERPROFILE");
  if (!home) return undefined;
  try {
    return runtime.realPath(home);
  } catch {
    return home;
  }
}

/** A folder and its parents, nearest first. */
function foldersUpwards(folder: string, { os }: Runtime): string[] {
  const folders = [folder];
  for (;;) {
    const above = folderOf(folders.at(-1)!, os);
    if (above === folders.at(-1) || above === ".") return folders;
    folders.push(above);
  }
}

/** The folders from `folder` up to, but without, `root`. */
function foldersUpTo(root: string, folder: string, runtime: Runtime): string[] {
  const upwards = foldersUpwards(folder, runtime);
  const end = upwards.indexOf(root);
  return end === -1 ? [] : upwards.slice(0, end);
}

/** What is at a path, symlinks followed; `undefined` if that cannot be read. */
function factsOf(path: string, runtime: Runtime): FileFacts | undefined {
  try {
    return runtime.stat(path);
  } catch {
    return undefined;
  }
}

function twoPlaces(lower: string, atRoot: string): PortForError {
  return new PortForError(
    "FAILED",
    `cannot use the manifest ${lower}: a checkout has one, at its root, which ` +
      `would be ${atRoot} (move it there)`,
  );
}
