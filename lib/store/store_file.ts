import { PortForError } from "../error.ts";
import { fileNameOf, folderOf, joined } from "../runtime/path.ts";
import {
  errorCode,
  type FileFacts,
  type OpenFile,
  type Runtime,
} from "../runtime/runtime.ts";
import { storeError } from "./store_error.ts";
import { lockStore, type StoreLock } from "./store_lock.ts";

/** The content of a store, and the file that it was read from. */
export interface StoredText {
  /** The text of the file. */
  readonly text: string;
  /** The file as it was right before it was read. */
  readonly facts: FileFacts;
}

/** More symlinks than this in one path are taken for a circle, as in Linux. */
const MOST_SYMLINKS = 40;

/** How often to start over where the store changes under a writer's hands. */
const MOST_ATTEMPTS = 10;

/**
 * Reads a store, without a lock: it is only ever replaced as a whole.
 *
 * @returns `undefined` where there is no such file.
 * @throws {PortForError} `NO_PERMISSION`, `FAILED` or, where the file is not
 * UTF-8 text, `STORE_INVALID`.
 */
export function readStore(
  path: string,
  runtime: Runtime,
): StoredText | undefined {
  try {
    const facts = factsIfThere(path, runtime);
    if (!facts) return undefined;
    if (facts.kind === "file") {
      return { text: decoded(path, runtime.readFile(path)), facts };
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw storeError(`cannot read ${path}`, error);
  }
  throw new PortForError(
    "FAILED",
    `cannot read ${path}: it is not a regular file ` +
      `(choose another store with --user or --store)`,
  );
}

/**
 * Changes a store under its lock, and replaces it as a whole: whoever reads it,
 * and whatever a crash leaves, is the old text or the new one. When this
 * returns, the new text is on disk.
 *
 * @param wait How long to wait for the lock, in seconds.
 * @param change Makes the new text from the old one (`undefined`: no store
 * yet); the same text back means that there is nothing to write. It is called
 * again where somebody replaced the store meanwhile.
 * @throws {PortForError} The store is then as it was, but for a failure to
 * flush its folder.
 */
export async function updateStore(
  path: string,
  wait: number,
  runtime: Runtime,
  change: (text: string | undefined) => Promise<string | undefined>,
): Promise<void> {
  const real = realPathOf(path, runtime);
  const facts = factsIfThere(real, runtime);
  const lock = await lockStore(real, facts, wait, runtime);
  try {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const before = readStore(real, runtime);
      const after = await change(before?.text);
      if (after === before?.text || after === undefined) return;
      if (replaceStore(real, before, after, lock, runtime)) return;
    }
  } finally {
    lock.release();
  }
  throw new PortForError(
    "STORE_BUSY",
    `cannot write ${path}: something else keeps changing it ` +
      `(close it in your editor and try again)`,
  );
}

/**
 * Whether there is anything at a path; so it is taken where that cannot be
 * told, such as for want of permission.
 */
export function isThere(path: string, runtime: Runtime): boolean {
  try {
    runtime.stat(path);
    return true;
  } catch (error) {
    return !["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
  }
}

/** Creates the folder of a store, and those above it, for its user alone. */
export function createFolderOf(path: string, runtime: Runtime): void {
  const folder = folderOf(path, runtime.os);
  try {
    if (!factsIfThere(folder, runtime)) runtime.makeFolder(folder, 0o700);
  } catch (error) {
    throw storeError(`cannot create the folder ${folder}`, error);
  }
}

/**
 * Writes the text to a temporary file and renames that over the store.
 *
 * @returns false where the store, or the lock, is no longer what it was.
 */
function replaceStore(
  path: string,
  before: StoredText | undefined,
  text: string,
  lock: StoreLock,
  runtime: Runtime,
): boolean {
  const temporary = `${path}.tmp`;
  try {
    const file = createTemporary(temporary, before?.facts, runtime);
    try {
      file.write(new TextEncoder().encode(text));
      if (before) keepOwnerAndMode(file, before.facts);
      file.sync();
      const written = file.stat().identity;
      const unchanged = sameFile(factsIfThere(path, runtime), before?.facts) &&
        runtime.lstat(temporary).identity === written && lock.isGood();
      if (unchanged) runtime.rename(temporary, path);
      else runtime.remove(temporary);
      if (!unchanged) return false;
    } catch (error) {
      removeQuietly(temporary, runtime);
      throw error;
    } finally {
      file.close();
    }
  } catch (error) {
    throw storeError(`cannot write ${path}`, error);
  }
  flushFolder(path, runtime);
  return true;
}

/**
 * Creates the temporary file. Only who has the lock does that, so one that is
 * there already was left by a process that died.
 */
function createTemporary(
  path: string,
  facts: FileFacts | undefined,
  runtime: Runtime,
): OpenFile {
  // A new store is for everybody to read; the umask may say otherwise. One
  // that replaces another is nobody's to read until it has the other's mode.
  const how = { createNew: true, mode: facts ? 0o600 : 0o644 };
  try {
    return runtime.open(path, how);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    runtime.remove(path);
    return runtime.open(path, how);
  }
}

function keepOwnerAndMode(file: OpenFile, facts: FileFacts): void {
  const own = file.stat();
  if (own.userId !== facts.userId || own.groupId !== facts.groupId) {
    try {
      file.chown(facts.userId, facts.groupId);
    } catch (error) {
      // A member of the group that may write the store cannot give it away;
      // what counts is that the group keeps it.
      if (errorCode(error) !== "EPERM") throw error;
      if (own.groupId !== facts.groupId) file.chown(undefined, facts.groupId);
    }
  }
  if (facts.mode !== undefined) file.chmod(facts.mode);
}

/** Makes the rename itself survive a power failure. */
function flushFolder(path: string, runtime: Runtime): void {
  try {
    runtime.syncFolder(folderOf(path, runtime.os));
  } catch (error) {
    // Some file systems cannot, and a folder may be writable but unreadable.
    const code = errorCode(error) ?? "";
    if (["EINVAL", "ENOTSUP", "ENOSYS", "EACCES"].includes(code)) return;
    throw storeError(`cannot flush ${path} to disk`, error);
  }
}

/**
 * The file that a path leads to, symlinks followed, whether or not it exists.
 *
 * @throws {PortForError} where its folder does not exist.
 */
function realPathOf(path: string, runtime: Runtime): string {
  let at = path;
  try {
    for (let links = 0; links < MOST_SYMLINKS; links++) {
      if (factsIfThere(at, runtime)) return runtime.realPath(at);
      const target = linkTarget(at, runtime);
      const folder = folderOf(at, runtime.os);
      if (target === undefined) {
        const name = fileNameOf(at, runtime.os);
        return joined(runtime.realPath(folder), name, runtime.os);
      }
      at = joined(folder, target, runtime.os);
    }
  } catch (error) {
    throw storeError(`cannot write ${path}`, error);
  }
  throw storeError(`cannot write ${path}`, { code: "ELOOP" });
}

/** What a symlink says; `undefined` where there is nothing at all. */
function linkTarget(path: string, runtime: Runtime): string | undefined {
  try {
    return runtime.readLink(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function factsIfThere(path: string, runtime: Runtime): FileFacts | undefined {
  try {
    return runtime.stat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function sameFile(a: FileFacts | undefined, b: FileFacts | undefined): boolean {
  return a?.identity === b?.identity && a?.size === b?.size &&
    a?.modifiedMs === b?.modifiedMs;
}

function removeQuietly(path: string, runtime: Runtime): void {
  try {
    runtime.remove(path);
  } catch {
    // What failed before is what the user needs to hear of; the next writer
    // removes what is left.
  }
}

function decoded(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (error) {
    const valid = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const before = valid.slice(0, valid.indexOf("\ufffd")).split("\n");
    throw new PortForError(
      "STORE_INVALID",
      `cannot use the store ${path}: it is not UTF-8 text, at line ` +
        `${before.length}, column ${before.at(-1)!.length + 1} ` +
        `(mend it by hand)`,
      { cause: error },
    );
  }
}
