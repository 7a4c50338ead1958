import { PortForError } from "../error.ts";
import { errorCode, type FileFacts, type Runtime } from "../runtime/runtime.ts";
import { storeError } from "./store_error.ts";

/** The content of a store, and the file that it was read from. */
export interface StoredText {
  /** The text of the file. */
  readonly text: string;
  /** The file as it was right before it was read. */
  readonly facts: FileFacts;
}

/**
 * Reads a store, without a lock: it is only ever replaced as a whole.
 *
 * @returns `undefined` where there is no such file.
 * @throws {PortForError} `NO_PERMISSION`, `FAILED` or, where the file is not
 * UTF-8 text, `STORE_INVALID`.
 */
export function readStore(
  path: string,
  runtime: Runtime,
): StoredText | undefined {
  try {
    const facts = runtime.stat(path);
    if (facts.kind === "file") {
      return { text: decoded(path, runtime.readFile(path)), facts };
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw storeError(`cannot read ${path}`, error);
  }
  throw new PortForError(
    "FAILED",
    `cannot read ${path}: it is not a regular file ` +
      `(choose another store with --user or --store)`,
  );
}

function decoded(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (error) {
    const valid = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const before = valid.slice(0, valid.indexOf("\ufffd")).split("\n");
    throw new PortForError(
      "STORE_INVALID",
      `cannot use the store ${path}: it is not UTF-8 text, at line ` +
        `${before.length}, column ${before.at(-1)!.length + 1} ` +
        `(mend it by hand)`,
      { cause: error },
    );
  }
}
