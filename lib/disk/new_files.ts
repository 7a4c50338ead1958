import { PortForError } from "../error.ts";
import { folderOf } from "../runtime/path.ts";
import { factsIfThere } from "../runtime/presence.ts";
import type { FileFacts, Runtime } from "../runtime/runtime.ts";
import { flushFolder, giveLikeIfPossible, type Like } from "./replace_file.ts";
import { storeError } from "./store_error.ts";
import { machineStore } from "./usual_stores.ts";

/**
 * What a new store is to be like. Services look their ports up as their own
 * users, so everybody may read the machine's store, whatever the umask is. What
 * root creates belongs to whom the folder belongs to: `sudo port-for --user`
 * must not lock people out of their own store.
 */
export function newFileLike(path: string, runtime: Runtime): Like {
  const mode = path === machineStore(runtime) ? { mode: 0o644 } : {};
  return { ...mode, ...ownerOf(folderOf(path, runtime.os), runtime) };
}

/** The owner of a folder, where it is up to us to hand it on. */
function ownerOf(folder: string, runtime: Runtime): Like {
  if (runtime.userId() !== 0) return {};
  // Where there is none, whoever opens a file there finds that, and says it.
  const facts = factsIfThere(folder, runtime);
  return facts ? { userId: facts.userId, groupId: facts.groupId } : {};
}

/** Creates the folder of a store, and those above it, for its user alone. */
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
  // A new folder survives a power failure once the one above it is flushed.
  flushFolder(above, runtime);
}

/**
 * Gives a folder that root has just created to the owner of the one above, who
 * may meanwhile have put another one in its place: one of root's that is
 * neither new nor empty must not become theirs.
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

/** Root's, a folder, and not older than a moment. */
function isNew({ kind, userId, modified }: FileFacts): boolean {
  return kind === "folder" && userId === 0 &&
    Math.abs(Date.now() - modified) < 5000;
}
