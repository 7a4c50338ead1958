import type { Change, Place, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { realPathOf } from "./real_path.ts";
import { readLayers } from "./layers.ts";
import { readStore } from "./store_file.ts";
import type { FilePlaceOptions } from "./file_change.ts";
import { StoreText } from "./store_text.ts";
import { StoreView } from "./store_view.ts";

/** A store in a TOML file, which is always read and replaced as a whole. */
export class FilePlace implements Place {
  /** The path of the file, which need not exist yet. */
  readonly name: string;
  readonly #options: FilePlaceOptions;
  readonly #runtime: Runtime;

  /** Creates a store for a file. Reads and writes nothing. */
  constructor(path: string, options: FilePlaceOptions, runtime: Runtime) {
    this.name = path;
    this.#options = options;
    this.#runtime = runtime;
  }

  source(): string {
    try {
      return realPathOf(this.name, this.#runtime);
    } catch {
      // A write will fail on this too, with a message that says why.
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
    // Most calls only read; they need not load this.
    const { changeFile } = await import("./file_change.ts");
    await changeFile(this.name, this.#options, this.#runtime, step);
  }
}
