import { PortForError } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { factsIfThere } from "../runtime/presence.ts";
import { realPathOf } from "./real_path.ts";
import { newFileLike } from "./new_files.ts";
import { flushFolderOf, type Like, replaceFile } from "./replace_file.ts";
import { storeError } from "./store_error.ts";
import { readStore, type StoredText } from "./store_file.ts";
import { lockStore, type StoreLock, type Waiting } from "./store_lock.ts";

/** How often to start over where the store changes under a writer's hands. */
const MOST_ATTEMPTS = 10;

/** What is to become of a store. */
export interface StoreChange {
  /** The new text; the old one (or `undefined`) leaves the store as it is. */
  readonly text: string | undefined;
  /** What has to be done right before the store is replaced. */
  readonly prepare?: () => void;
  /** Takes back what `prepare` did, as far as it can. */
  readonly undo?: () => void;
}

/**
 * Changes a store under its lock, and replaces it as a whole: whoever reads it,
 * and whatever a crash leaves, is the old text or the new one. When this
 * returns, the new text is on disk.
 *
 * @param waiting How to wait for the lock.
 * @param change Says what is to become of a text (`undefined`: no store yet) in
 * the file that the path leads to. It is called again where somebody replaced
 * the store meanwhile.
 * @throws {PortForError} The store is then as it was, but for a failure to
 * flush its folder.
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

/** @returns false where the store, or the lock, is no longer what it was. */
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
  // The store is the new one now, whether or not it can be flushed.
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
