import { fileNameOf, folderOf, joined } from "../runtime/path.ts";
import {
  errorCode,
  type FileFacts,
  type OpenFile,
  type Runtime,
} from "../runtime/runtime.ts";
import { uninterrupted } from "../runtime/to_the_end.ts";
import { storeError } from "./store_error.ts";
import { readStore, type StoredText } from "./store_file.ts";

/**
 * Replaces a file atomically: the text is written to a temporary file next to
 * it, which is flushed and renamed over it. Readers, even after a crash, see
 * either the old text or the new one. Mode and owner are kept. Call
 * `flushFolderOf` to make the rename survive a power failure.
 *
 * @param before The file as it was read; `undefined` if there was none.
 * @returns false, with nothing changed, if `isStillGood` says no or the file is
 * no longer as it was read.
 * @throws {PortForError} Then the file is unchanged.
 */
export function replaceFile(
  path: string,
  before: StoredText | undefined,
  text: string,
  { isStillGood, like, other, unlocked = false }: HowToReplace,
  runtime: Runtime,
): boolean {
  let temporary: Temporary | undefined;
  try {
    temporary = createTemporary(
      path,
      before?.facts ?? like,
      unlocked,
      runtime,
    );
    const give = before ? giveLike : giveLikeIfPossible;
    const written = writeTemporary(
      temporary,
      (file) => give(file, before?.facts ?? like ?? {}),
      text,
    );
    // An edit between this last check and the rename would be lost, so nothing
    // comes between the two.
    const unchanged = runtime.lstat(temporary.path).identity === written &&
      isStillGood() && sameText(readStore(path, runtime), before);
    if (unchanged) runtime.rename(temporary.path, path);
    else runtime.remove(temporary.path);
    return unchanged;
  } catch (error) {
    if (temporary) removeQuietly(temporary.path, runtime);
    throw storeError(`cannot write ${path}`, error, runtime, other);
  }
}

/** How to replace a file. */
export interface HowToReplace {
  /** Called before the last check of the file. */
  readonly isStillGood: () => boolean;
  /**
   * Owner and mode of a new file. By default the process's own, and 0o644 minus
   * the umask.
   */
  readonly like?: Like;
  /** What to suggest if it fails. By default another store. */
  readonly other?: string;
  /** Set if no lock keeps others from writing the file at the same time. */
  readonly unlocked?: boolean;
}

/** The owner and mode to copy from another file. */
export type Like = Partial<Pick<FileFacts, "userId" | "groupId" | "mode">>;

interface Temporary {
  readonly path: string;
  readonly file: OpenFile;
}

/** Writes the new text and flushes it. Returns the identity of the file. */
function writeTemporary(
  { file }: Temporary,
  give: (file: OpenFile) => void,
  text: string,
): string {
  try {
    file.write(new TextEncoder().encode(text));
    give(file);
    flush(() => file.sync());
    return file.stat().identity;
  } finally {
    file.close();
  }
}

/**
 * Creates the temporary file. Under the lock, one that exists already was left
 * by a process that died, and is removed. If it cannot be removed, such as
 * another user's file in a sticky folder, or if there is no lock, the temporary
 * file gets a random name instead.
 */
function createTemporary(
  path: string,
  like: Like | undefined,
  unlocked: boolean,
  runtime: Runtime,
): Temporary {
  // A new store is readable by everybody, unless the umask says otherwise. A
  // replacement stays private until it gets the old file's mode.
  const how = {
    createNew: true,
    mode: like?.mode === undefined ? 0o644 : 0o600,
  };
  const open = (name: string) => ({
    path: name,
    file: runtime.open(name, how),
  });
  const usual = `${path}.tmp`;
  if (!unlocked) {
    try {
      return open(usual);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    if (isRemoved(usual, runtime)) return open(usual);
    sweep(path, runtime);
  }
  const [draw = 0] = crypto.getRandomValues(new Uint32Array(1));
  return open(`${usual}-${draw.toString(16).padStart(8, "0")}`);
}

function isRemoved(path: string, runtime: Runtime): boolean {
  try {
    if (runtime.lstat(path).kind === "folder") return false;
    runtime.remove(path);
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

/** Removes randomly named temporary files left by processes that died. */
function sweep(path: string, runtime: Runtime): void {
  const folder = folderOf(path, runtime.os);
  const prefix = `${fileNameOf(path, runtime.os)}.tmp-`;
  try {
    for (const name of runtime.readFolder(folder)) {
      const rest = name.startsWith(prefix) ? name.slice(prefix.length) : "";
      if (/^[0-9a-f]{8}$/.test(rest)) {
        removeQuietly(joined(folder, name, runtime.os), runtime);
      }
    }
  } catch {
    // The folder may be writable but not readable. Leftovers do no harm.
  }
}

/**
 * Gives a file the owner, group and mode of another, as far as this user may.
 *
 * @throws a system error if the group cannot be kept: its members would lose
 * access.
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
      // A writer who is not the owner cannot keep the owner, but must keep the
      // group.
      if (!mayNotGive(error)) throw error;
      if (own.groupId !== groupId) file.chown(undefined, groupId);
    }
  }
  if (mode !== undefined && file.stat().mode !== mode) file.chmod(mode);
}

/**
 * Like `giveLike`, for a new file, where nobody can lose access: it is no error
 * if the owner cannot be set, such as to that of /tmp in a user namespace.
 */
export function giveLikeIfPossible(file: OpenFile, like: Like): void {
  try {
    giveLike(file, like);
  } catch (error) {
    if (!mayNotGive(error)) throw error;
    giveLike(file, like.mode === undefined ? {} : { mode: like.mode });
  }
}

/**
 * Whether a chown failed because this user may not do it (EPERM), or because
 * the owner or group is not mapped in this user namespace (EINVAL).
 */
export function mayNotGive(error: unknown): boolean {
  return ["EPERM", "EINVAL"].includes(errorCode(error) ?? "");
}

/** Makes renames and removals in a file's folder survive a power failure. */
export function flushFolderOf(path: string, runtime: Runtime): void {
  flushFolder(folderOf(path, runtime.os), runtime, path);
}

/**
 * Makes changes in a folder survive a power failure.
 *
 * @param what What to name in the message if it fails.
 */
export function flushFolder(
  folder: string,
  runtime: Runtime,
  what = folder,
): void {
  try {
    flush(() => runtime.syncFolder(folder));
  } catch (error) {
    // The folder may be writable but not readable.
    if (errorCode(error) === "EACCES") return;
    throw storeError(`cannot flush ${what} to disk`, error, runtime);
  }
}

/** Flushes, unless the file system does not support it. */
function flush(sync: () => void): void {
  try {
    uninterrupted(sync);
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (!["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) {
      throw error;
    }
  }
}

/**
 * Whether it is the same file with the same text. Times are not compared: an
 * editor may save twice within one tick of the clock.
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
    // The user needs to see the first error; the next writer cleans up.
  }
}
