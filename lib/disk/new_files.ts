import { PortForError } from "../error.ts";
import { folderOf } from "../runtime/path.ts";
import { factsIfThere } from "../runtime/presence.ts";
import type { FileFacts, Runtime } from "../runtime/runtime.ts";
import { flushFolder, giveLikeIfPossible, type Like } from "./replace_file.ts";
import { storeError } from "./store_error.ts";
import { machineStore } from "./usual_stores.ts";

/**
 * Owner and mode for a new store. Services look up their ports under their own
 * users, so the machine's store is readable by everybody, whatever the umask.
 * Files that root creates get the owner of their folder: `sudo port-for --user`
 * must not lock people out of their own store.
 */
export function newFileLike(path: string, runtime: Runtime): Like {
  const mode = path === machineStore(runtime) ? { mode: 0o644 } : {};
  return { ...mode, ...ownerOf(folderOf(path, runtime.os), runtime) };
}

/** The owner of a folder, if we are root and can give files to that owner. */
function ownerOf(folder: string, runtime: Runtime): Like {
  if (runtime.userId() !== 0) return {};
  // If the folder is missing, opening a file in it fails with a message.
  const facts = factsIfThere(folder, runtime);
  return facts ? { userId: facts.userId, groupId: facts.groupId } : {};
}

/** Creates a store's folder and its parents, private to the user. */
export function createFolderOf(path: string, runtime: Runtime): void {
  const folder = folderOf(path, runtime.os);
  try {
    createFolder(folder, runtime);
  } catch (error) {
    throw storeError(`cannot create the folder ${folder}`, error, runtime);
  }
}

function createFolder(folder: string, runtime: Runtime): void {
  if (factsIfThere(folder, runtime)) return;
  const above = folderOf(folder, runtime.os);
  if (above !== folder) createFolder(above, runtime);
  const like = ownerOf(above, runtime);
  runtime.makeFolder(folder, 0o700);
  giveFolder(folder, like, runtime);
  // A new folder survives a power failure only once its parent is flushed.
  flushFolder(above, runtime);
}

/**
 * Gives a folder that root has just created to the owner of its parent. That
 * owner may have swapped in another folder meanwhile, so only a new and empty
 * one is given away.
 */
function giveFolder(folder: string, like: Like, runtime: Runtime): void {
  const created = runtime.lstat(folder);
  if (like.userId === undefined || like.userId === created.userId) return;
  const file = runtime.open(folder, { readOnly: true });
  try {
    const facts = file.stat();
    const isOurs = facts.identity === created.identity && isNew(facts) &&
      runtime.readFolder(folder).length === 0;
    if (!isOurs) {
      throw new PortForError(
        "FAILED",
        `cannot create the folder ${folder}: something else is changing it ` +
          `(try again)`,
      );
    }
    giveLikeIfPossible(file, like);
  } finally {
    file.close();
  }
}

/** Whether it is a folder that root changed just now. */
function isNew({ kind, userId, modified }: FileFacts): boolean {
  return kind === "folder" && userId === 0 &&
    Math.abs(Date.now() - modified) < 5000;
}
