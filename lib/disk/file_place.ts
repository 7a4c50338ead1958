import { isExpired } from "../association.ts";
import { PortForError } from "../error.ts";
import type { Change, Changes, Place, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";
import {
  editDocument,
  EditError,
  isPlainEntry,
} from "../toml/document_edit.ts";
import { realPathOf } from "./real_path.ts";
import { readStore } from "./store_file.ts";
import { createFolderOf } from "./new_files.ts";
import { updateStore } from "./store_update.ts";
import type { Waiting } from "./store_lock.ts";
import { StoreView } from "./store_view.ts";

/** How a store's file is written. */
export interface FilePlaceOptions extends Waiting {
  /**
   * Create its folder, for its user alone, when something is first written
   * there. By default it must exist.
   */
  readonly createFolder?: boolean;
}

/** A store in a TOML file, which is read as a whole, and replaced as a whole. */
export class FilePlace implements Place {
  /** The path of the file, which need not exist yet. */
  readonly name: string;
  readonly #options: FilePlaceOptions;
  readonly #runtime: Runtime;

  /** A store in the file of that path. Nothing is read or written. */
  constructor(path: string, options: FilePlaceOptions, runtime: Runtime) {
    this.name = path;
    this.#options = options;
    this.#runtime = runtime;
  }

  source(): string {
    try {
      return realPathOf(this.name, this.#runtime);
    } catch {
      // It cannot be written there either; who tries that is told why.
      return this.name;
    }
  }

  read(): StoreView {
    return new StoreView(this.name, readStore(this.name, this.#runtime)?.text);
  }

  async change(
    _names: readonly string[],
    step: (view: View) => Promise<Change>,
  ): Promise<void> {
    const { createFolder = false } = this.#options;
    if (createFolder) createFolderOf(this.name, this.#runtime);
    await updateStore(
      this.name,
      this.#options,
      this.#runtime,
      async (text, real) => {
        const view = new StoreView(this.name, text, real);
        view.refuseProblems();
        const { changes, ...steps } = await step(view);
        return { text: this.#edited(view, changes), ...steps };
      },
    );
  }

  /** The text with changes made; leases that have ended leave it with them. */
  #edited(view: StoreView, changes: Changes): string | undefined {
    if (changes.size === 0) return undefined;
    const all = new Map(changes);
    for (const association of view.all()) {
      const { name, reserved } = association;
      if (!isExpired(association) || all.has(name)) continue;
      // To end a reservation takes the right to, and a call that is about it;
      // what a person wrote beside a lease stays until they prune.
      if (!reserved && isPlainEntry(view.document, name)) {
        all.set(name, undefined);
      }
    }
    try {
      const edited = editDocument(view.document, all);
      new StoreView(this.name, edited).refuseProblems();
      return edited;
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      throw new PortForError(
        "STORE_INVALID",
        `cannot change ${this.name} without touching what is not port-for's: ` +
          `${error.message} (write [ports] as a table with one line for each ` +
          `name)`,
      );
    }
  }
}
