import type { Change, Place, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { realPathOf } from "./real_path.ts";
import { readLayers } from "./layers.ts";
import { readStore } from "./store_file.ts";
import type { FilePlaceOptions } from "./file_change.ts";
import { StoreText } from "./store_text.ts";
import { StoreView } from "./store_view.ts";

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
    const text = readStore(this.name, this.#runtime)?.text;
    return new StoreView(
      new StoreText(this.name, text),
      this.name,
      readLayers(this.name, this.#runtime),
    );
  }

  async change(
    _names: readonly string[],
    step: (view: View) => Promise<Change>,
  ): Promise<void> {
    // Most calls and programs only read: they do not load what this takes.
    const { changeFile } = await import("./file_change.ts");
    await changeFile(this.name, this.#options, this.#runtime, step);
  }
}
