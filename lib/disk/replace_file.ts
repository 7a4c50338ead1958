import { fileNameOf, folderOf, joined } from "../runtime/path.ts";
import {
  errorCode,
  type FileFacts,
  type OpenFile,
  type Runtime,
} from "../runtime/runtime.ts";
import { uninterrupted } from "../runtime/uninterrupted.ts";
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
    // Nothing can tell of an edit between the last look and the renaming, so
    // nothing stands between them.
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

/** How a file is to be replaced. */
export interface HowToReplace {
  /** Asked before the last look at the file. */
  readonly isStillGood: () => boolean;
  /**
   * Owner and mode of a new file. By default the process's own, and 0o644 less
   * what the umask says.
   */
  readonly like?: Like;
  /** What else to choose where it fails; by default another store. */
  readonly other?: string;
  /** Whether others may be at it just now, for want of a lock. */
  readonly unlocked?: boolean;
}

/** Owner and mode, as far as they are to be what something else has. */
export type Like = Partial<Pick<FileFacts, "userId" | "groupId" | "mode">>;

interface Temporary {
  readonly path: string;
  readonly file: OpenFile;
}

/** Writes the new text, down to the disk. Returns the identity of its file. */
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
 * Creates the temporary file. Only who has the lock does that, so one that is
 * there already was left by a process that died: its place is taken. What
 * cannot be removed, such as a stranger's file in a sticky folder, is left
 * alone, and another name used; so it is where there is no lock.
 */
function createTemporary(
  path: string,
  like: Like | undefined,
  unlocked: boolean,
  runtime: Runtime,
): Temporary {
  // A new store is for everybody to read; the umask may say otherwise. One
  // that replaces another is nobody's to read until it has the other's mode.
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

/** Removes what dead processes left under names of the other kind. */
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
    // A folder may be writable but unreadable: what is left there does no harm.
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
      if (!mayNotGive(error)) throw error;
      if (own.groupId !== groupId) file.chown(undefined, groupId);
    }
  }
  if (mode !== undefined && file.stat().mode !== mode) file.chmod(mode);
}

/**
 * The same for a new file, which has nobody's access to lose: the owner may be
 * one to whom nothing can be given here, such as that of /tmp in a user
 * namespace.
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
 * Whether this user may not give a file away: so it is, too, where the new owner
 * or group does not exist in a user namespace (EINVAL).
 */
export function mayNotGive(error: unknown): boolean {
  return ["EPERM", "EINVAL"].includes(errorCode(error) ?? "");
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
    flush(() => runtime.syncFolder(folder));
  } catch (error) {
    // A folder may be writable but unreadable.
    if (errorCode(error) === "EACCES") return;
    throw storeError(`cannot flush ${what} to disk`, error, runtime);
  }
}

/** Flushes; some file systems have no way to, and say so. */
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
