import { PortForError } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { factsIfThere } from "../runtime/presence.ts";
import { realPathOf } from "./real_path.ts";
import { newFileLike } from "./new_files.ts";
import { flushFolderOf, type Like, replaceFile } from "./replace_file.ts";
import { storeError } from "./store_error.ts";
import { readStore, type StoredText } from "./store_file.ts";
import { lockStore, type StoreLock, type Waiting } from "./store_lock.ts";

/**
 * How often to start over when something without the lock changes the store.
 */
const MOST_ATTEMPTS = 10;

/** A change to a store. */
export interface StoreChange {
  /** The new text; with the old text or `undefined`, nothing is written. */
  readonly text: string | undefined;
  /** Runs right before the store is replaced. */
  readonly prepare?: () => void;
  /** Undoes what `prepare` did, as far as possible. */
  readonly undo?: () => void;
}

/**
 * Changes a store under its lock and replaces it atomically: readers, even
 * after a crash, see either the old text or the new one. When this returns, the
 * new text is on disk.
 *
 * @param waiting How to wait for the lock.
 * @param change Computes the change from the current text (`undefined` if there
 * is no store yet) and the store's real path. It is called again if the store
 * was replaced meanwhile.
 * @throws {PortForError} Then the store is unchanged, unless only flushing its
 * folder failed.
 */
export async function updateStore(
  path: string,
  waiting: Waiting,
  runtime: Runtime,
  change: (text: string | undefined, real: string) => Promise<StoreChange>,
): Promise<void> {
  const real = orCannotWrite(path, runtime, () => realPathOf(path, runtime));
  const { facts, like } = orCannotWrite(path, runtime, () => ({
    facts: factsIfThere(real, runtime),
    like: newFileLike(real, runtime),
  }));
  const lock = await lockStore(real, facts ?? like, waiting, runtime);
  try {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const before = readStore(real, runtime);
      const step = await change(before?.text, real);
      if (performStep(real, before, like, step, lock, runtime)) return;
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

/** @returns false if the store or the lock file was replaced meanwhile. */
function performStep(
  path: string,
  before: StoredText | undefined,
  like: Like,
  { text, prepare, undo }: StoreChange,
  lock: StoreLock,
  runtime: Runtime,
): boolean {
  const isNew = text !== undefined && text !== before?.text;
  try {
    prepare?.();
    const how = { isStillGood: lock.isGood, like };
    if (isNew && !replaceFile(path, before, text, how, runtime)) {
      undo?.();
      return false;
    }
  } catch (error) {
    undo?.();
    throw error;
  }
  // From here on the new text is in place, so a failed flush undoes nothing.
  if (isNew) flushFolderOf(path, runtime);
  return true;
}

function orCannotWrite<T>(
  path: string,
  runtime: Runtime,
  action: () => T,
): T {
  try {
    return action();
  } catch (error) {
    throw storeError(`cannot write ${path}`, error, runtime);
  }
}
