import { isExpired } from "../association.ts";
import { PortForError } from "../error.ts";
import type { Change, Changes, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";
import {
  editDocument,
  EditError,
  isPlainEntry,
} from "../toml/document_edit.ts";
import { createFolderOf } from "./new_files.ts";
import { updateStore } from "./store_update.ts";
import type { Waiting } from "./store_lock.ts";
import { readLayers } from "./layers.ts";
import { StoreText } from "./store_text.ts";
import { StoreView } from "./store_view.ts";

/** How a store's file is written. */
export interface FilePlaceOptions extends Waiting {
  /**
   * Create the store's folder, private to its user, on the first write. By
   * default it must exist.
   */
  readonly createFolder?: boolean;
}

/**
 * Changes a store's file under its lock: all of a change or nothing.
 *
 * @param path The path of the file, which need not exist yet.
 * @param step Computes the change; it runs again if another writer was quicker.
 * @throws {PortForError} Then nothing has changed.
 */
export async function changeFile(
  path: string,
  options: FilePlaceOptions,
  runtime: Runtime,
  step: (view: View) => Promise<Change>,
): Promise<void> {
  if (options.createFolder) createFolderOf(path, runtime);
  await updateStore(path, options, runtime, async (text, real) => {
    const own = new StoreText(path, text);
    const view = new StoreView(own, real, readLayers(path, runtime));
    view.refuseProblems();
    const { changes, ...steps } = await step(view);
    return { text: edited(path, own, changes), ...steps };
  });
}

/** The text with the changes made and expired leases dropped. */
function edited(
  path: string,
  { document }: StoreText,
  changes: Changes,
): string | undefined {
  if (changes.size === 0) return undefined;
  const all = new Map(changes);
  for (const association of document.associations.values()) {
    const { name, reserved } = association;
    if (!isExpired(association) || all.has(name)) continue;
    // Ending a reservation needs root and a call that is about it. A lease with
    // a person's comment stays until they run --prune.
    if (!reserved && isPlainEntry(document, name)) {
      all.set(name, undefined);
    }
  }
  try {
    const edited = editDocument(document, all);
    new StoreText(path, edited).refuseProblems();
    return edited;
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    throw new PortForError(
      "STORE_INVALID",
      `cannot change ${path} without touching what is not port-for's: ` +
        `${error.message} (write [ports] as a table with one line for each ` +
        `name)`,
    );
  }
}
