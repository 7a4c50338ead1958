import { type Association, isExpired } from "../association.ts";
import { joined } from "../runtime/path.ts";
import { isThere } from "../runtime/presence.ts";
import { escaped, PortForError } from "../error.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import { layersAmong, layersFolder } from "./layer_names.ts";
import { readError } from "./store_error.ts";
import { readStore } from "./store_file.ts";
import { StoreText } from "./store_text.ts";

/** A read-only file below a store, whose names and ports count as taken. */
export interface Layer {
  /** The path of the file. */
  readonly path: string;
  /** Its content. */
  readonly content: StoreText;
}

/**
 * The layers of a store, sorted by file name.
 *
 * @throws {PortForError} if any of them cannot be read: it might hold any port.
 */
export function readLayers(store: string, runtime: Runtime): Layer[] {
  const folder = layersFolder(store);
  return layersAmong(namesIn(folder, runtime)).flatMap((name) => {
    const path = joined(folder, name, runtime.os);
    const text = readStore(path, runtime)?.text;
    // The file was removed after the folder was listed.
    if (text === undefined) return [];
    return [{ path, content: new StoreText(path, text) }];
  });
}

function namesIn(folder: string, runtime: Runtime): string[] {
  try {
    return runtime.readFolder(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) {
      throw readError(folder, error, runtime);
    }
    if (!isThere(folder, runtime)) return [];
    // Such as a symlink into a file system that is not mounted yet.
    throw new PortForError(
      "FAILED",
      `cannot read ${escaped(folder)}: it leads to no folder of layers ` +
        "(make one, or remove it)",
    );
  }
}

/** The association of a name; the first layer that has it wins. */
export function inLayers(
  layers: readonly Layer[],
  name: string,
): Association | undefined {
  for (const { path, content } of layers) {
    const association = content.find(name);
    if (association && !isExpired(association)) {
      return { ...association, layer: path };
    }
  }
  return undefined;
}

/** Every association in the layers, each with its layer's path. */
export function allInLayers(layers: readonly Layer[]): Association[] {
  return layers.flatMap(({ path, content }) =>
    content.all().map((association) => ({ ...association, layer: path }))
  );
}
