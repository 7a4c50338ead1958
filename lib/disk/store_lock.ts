import { PortForError } from "../error.ts";
import {
  errorCode,
  type FileFacts,
  type OpenFile,
  type Runtime,
} from "../runtime/runtime.ts";
import { lockHolder } from "./lock_holder.ts";
import { giveLike, type Like, mayNotGive } from "./replace_file.ts";
import { lockError, storeError } from "./store_error.ts";

/** The lock of a store, held until it is released or the process ends. */
export interface StoreLock {
  /** Whether the lock file is still the one that others would lock. */
  isGood(): boolean;
  /** Releases the lock. */
  release(): void;
}

/** How to wait for a lock. */
export interface Waiting {
  /**
   * How long to wait without the lock changing hands, in seconds; not negative.
   */
  readonly wait: number;
  /** Whether waiting may block the whole process. */
  readonly mayBlock: boolean;
}

/**
 * Takes the lock of a store: an exclusive `flock(2)` on `STORE.lock` next to
 * it. The file is never removed: otherwise two processes could each hold a lock
 * on a different file of that name.
 *
 * @param store The path of the store, without symlinks.
 * @param facts The store as it is now; `undefined` if there is none yet.
 * @throws {PortForError} `STORE_BUSY` if one process held it all along,
 * `NO_PERMISSION` or `FAILED` if it cannot be opened.
 */
export async function lockStore(
  store: string,
  facts: Like | undefined,
  { wait, mayBlock }: Waiting,
  runtime: Runtime,
): Promise<StoreLock> {
  const path = `${store}.lock`;
  const began = Date.now();
  for (;;) {
    const file = openLock(store, path, facts, runtime);
    const isGood = () => leadsTo(path, file, runtime);
    try {
      let left = wait * 1000;
      while (!await file.lock(left, mayBlock)) {
        left = leftToWait(file, began, wait);
        if (left <= 0) throw busy(store, path, wait, file, runtime);
      }
      if (isGood()) {
        markTaken(file);
        return { isGood, release: () => closeQuietly(file) };
      }
    } catch (error) {
      closeQuietly(file);
      throw lockError(`cannot lock ${store} with ${path}`, error, runtime);
    }
    // Somebody removed the lock file while we waited; others would lock a new
    // one.
    closeQuietly(file);
  }
}

/**
 * How much longer to wait, in milliseconds. The time starts over whenever the
 * lock changes hands.
 */
function leftToWait(file: OpenFile, began: number, wait: number): number {
  const moved = Math.max(began, file.stat().modified);
  return wait * 1000 - Math.max(0, Date.now() - moved);
}

/** Tells waiters that the lock has changed hands, by the file's time. */
function markTaken(file: OpenFile): void {
  try {
    file.touch();
  } catch {
    // Then they may give up too early, which is safe.
  }
}

function openLock(
  store: string,
  path: string,
  facts: Like | undefined,
  runtime: Runtime,
): OpenFile {
  try {
    for (;;) {
      const file = createLock(path, facts, runtime) ??
        openExistingLock(path, facts, runtime);
      if (file) return file;
    }
  } catch (error) {
    // To the user, failing to open the lock means they cannot write the store.
    throw storeError(`cannot write ${store}`, error, runtime);
  }
}

/** Returns `undefined` if the lock file exists already. */
function createLock(
  path: string,
  facts: Like | undefined,
  runtime: Runtime,
): OpenFile | undefined {
  let file: OpenFile;
  try {
    file = runtime.open(path, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (errorCode(error) === "EEXIST") return undefined;
    throw error;
  }
  return sharedLikeStore(file, facts);
}

/** Returns `undefined` if the lock file is gone again. */
function openExistingLock(
  path: string,
  facts: Like | undefined,
  runtime: Runtime,
): OpenFile | undefined {
  try {
    const there = runtime.lstat(path);
    refuseForeign(path, there, facts, runtime);
    const file = runtime.open(path, {});
    if (identityOf(file) === there.identity) {
      return sharedLikeStore(file, facts);
    }
    file.close();
    return undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Anyone who can open a file can hold a `flock` on it. So only users who can
 * write the store may open its lock: the lock gets the store's owner and group,
 * and its write bits for group and others.
 */
function sharedLikeStore(
  file: OpenFile,
  facts: Like | undefined,
): OpenFile {
  try {
    const lock = file.stat();
    if (lock.mode === undefined) return file;
    const { userId = lock.userId, groupId = lock.groupId } = facts ?? {};
    const write = (facts?.mode ?? 0) & 0o022;
    giveLike(file, { userId, groupId, mode: 0o600 | write | (write << 1) });
    return file;
  } catch (error) {
    // Only the owner can do this, and did so when creating the lock.
    if (mayNotGive(error)) return file;
    file.close();
    throw error;
  }
}

function identityOf(file: OpenFile): string {
  try {
    return file.stat().identity;
  } catch (error) {
    file.close();
    throw error;
  }
}

function refuseForeign(
  path: string,
  lock: FileFacts,
  facts: Like | undefined,
  runtime: Runtime,
): void {
  const problem = lockProblem(lock, facts, runtime);
  if (problem === undefined) return;
  throw new PortForError(
    lock.kind === "file" ? "NO_PERMISSION" : "FAILED",
    `cannot use the lock ${path}: ${problem}`,
  );
}

/**
 * What is wrong with a lock file, if anything. It may belong to somebody who
 * cannot write the store but could hold the lock forever; or it may be no lock
 * at all, and must not get the store's owner and mode.
 */
export function lockProblem(
  lock: FileFacts,
  facts: Like | undefined,
  runtime: Runtime,
): string | undefined {
  if (lock.kind !== "file" || lock.size > 0 || lock.links > 1) {
    return "it is not an empty regular file with one name (remove it)";
  }
  const self = runtime.userId();
  const trusted = [self, 0, facts?.userId];
  if (self === undefined || trusted.includes(lock.userId)) return undefined;
  const { mode = 0, groupId } = facts ?? {};
  // Only members of a group can give it a file.
  if ((mode & 0o020) !== 0 && lock.groupId === groupId) return undefined;
  if ((mode & 0o002) !== 0) return undefined;
  return `it belongs to user ${lock.userId}, who may not write the store but ` +
    `could hold it up (remove the lock)`;
}

function leadsTo(path: string, file: OpenFile, runtime: Runtime): boolean {
  try {
    return runtime.lstat(path).identity === file.stat().identity;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Ignores errors: what was done under the lock is done. */
function closeQuietly(file: OpenFile): void {
  try {
    file.close();
  } catch {
    // The lock is released when the process ends.
  }
}

function busy(
  store: string,
  path: string,
  wait: number,
  file: OpenFile,
  runtime: Runtime,
): PortForError {
  const holder = lockHolder(file.stat().identity, runtime);
  return new PortForError(
    "STORE_BUSY",
    `cannot write ${store}: ${holder ?? "another process"} has its lock` +
      `${
        wait > 0 ? `, and nothing has moved for ${wait} s` : ""
      } (see what it does with "fuser -v ${path}", or wait ` +
      `longer with --wait)`,
  );
}
