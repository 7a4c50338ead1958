import { PortForError } from "../error.ts";
import { folderOf } from "../runtime/path.ts";
import {
  errorCode,
  type FileFacts,
  type OpenFile,
  type Runtime,
} from "../runtime/runtime.ts";
import { storeError } from "./store_error.ts";
import { readStore, type StoredText } from "./store_file.ts";

/**
 * Replaces a file as a whole: the text goes to a temporary file next to it,
 * which is flushed and renamed over it. Who reads the file, and what a crash
 * leaves, is the old text or the new one. Mode and owner are kept. To survive a
 * power failure the renaming needs `flushFolderOf`.
 *
 * @param before The file as it was read; `undefined` where there is none yet.
 * @returns false, with nothing changed, where that is no longer good, or the
 * file is no longer what it was.
 * @throws {PortForError} The file is then as it was.
 */
export function replaceFile(
  path: string,
  before: StoredText | undefined,
  text: string,
  { isStillGood, mode }: HowToReplace,
  runtime: Runtime,
): boolean {
  const temporary = `${path}.tmp`;
  const like = before?.facts ?? (mode === undefined ? undefined : { mode });
  try {
    const written = writeTemporary(temporary, like, text, runtime);
    // Nothing can tell of an edit between the last look and the renaming, so
    // nothing stands between them.
    const unchanged = runtime.lstat(temporary).identity === written &&
      isStillGood() && sameText(readStore(path, runtime), before);
    if (unchanged) runtime.rename(temporary, path);
    else runtime.remove(temporary);
    return unchanged;
  } catch (error) {
    removeQuietly(temporary, runtime);
    throw storeError(`cannot write ${path}`, error);
  }
}

/** How a file is to be replaced. */
export interface HowToReplace {
  /** Asked before the last look at the file. */
  readonly isStillGood: () => boolean;
  /** The mode of a new file. By default 0o644, less what the umask says. */
  readonly mode?: number;
}

/** Owner and mode, as far as they are to be what something else has. */
type Like = Partial<Pick<FileFacts, "userId" | "groupId" | "mode">>;

/** Writes the new text, down to the disk. Returns the identity of its file. */
function writeTemporary(
  path: string,
  like: Like | undefined,
  text: string,
  runtime: Runtime,
): string {
  const file = createTemporary(path, like, runtime);
  try {
    file.write(new TextEncoder().encode(text));
    if (like) giveLike(file, like);
    file.sync();
    return file.stat().identity;
  } finally {
    file.close();
  }
}

/**
 * Creates the temporary file. Only who has the lock does that, so one that is
 * there already was left by a process that died.
 */
function createTemporary(
  path: string,
  like: Like | undefined,
  runtime: Runtime,
): OpenFile {
  // A new store is for everybody to read; the umask may say otherwise. One
  // that replaces another is nobody's to read until it has the other's mode.
  const how = { createNew: true, mode: like ? 0o600 : 0o644 };
  try {
    return runtime.open(path, how);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    if (runtime.lstat(path).kind === "folder") {
      throw new PortForError(
        "FAILED",
        `cannot write ${path}: it is a folder (remove it)`,
      );
    }
    runtime.remove(path);
    return runtime.open(path, how);
  }
}

/**
 * Gives a file owner, group and mode of another, as far as this user can.
 *
 * @throws an error of the system where its group cannot be kept: who could read
 * and write it then no longer could.
 */
export function giveLike(
  file: OpenFile,
  like: Like,
): void {
  const own = file.stat();
  const { userId = own.userId, groupId = own.groupId, mode } = like;
  if (own.userId !== userId || own.groupId !== groupId) {
    try {
      file.chown(userId, groupId);
    } catch (error) {
      // A member of the group that may write the store cannot give it away;
      // what counts is that the group keeps it.
      if (errorCode(error) !== "EPERM") throw error;
      if (own.groupId !== groupId) file.chown(undefined, groupId);
    }
  }
  if (mode !== undefined && file.stat().mode !== mode) file.chmod(mode);
}

/** Makes what was renamed or removed in a file's folder survive a power failure. */
export function flushFolderOf(path: string, runtime: Runtime): void {
  flushFolder(folderOf(path, runtime.os), runtime, path);
}

/**
 * Makes what is new in a folder survive a power failure.
 *
 * @param what What is flushed that way, for the message.
 */
export function flushFolder(
  folder: string,
  runtime: Runtime,
  what = folder,
): void {
  try {
    runtime.syncFolder(folder);
  } catch (error) {
    // Some file systems cannot, and a folder may be writable but unreadable.
    const code = errorCode(error) ?? "";
    if (["EINVAL", "ENOTSUP", "ENOSYS", "EACCES"].includes(code)) return;
    throw storeError(`cannot flush ${what} to disk`, error);
  }
}

/**
 * Whether it is the same file with the same text. An editor may save within the
 * resolution of the clock, so times say nothing.
 */
function sameText(
  a: StoredText | undefined,
  b: StoredText | undefined,
): boolean {
  const keys = ["identity", "mode", "userId", "groupId"] as const;
  return a?.text === b?.text &&
    keys.every((key) => a?.facts[key] === b?.facts[key]);
}

function removeQuietly(path: string, runtime: Runtime): void {
  try {
    runtime.remove(path);
  } catch {
    // What failed before is what the user needs to hear of; the next writer
    // removes what is left.
  }
}
