import { PortForError } from "../error.ts";
import { errorCode, type FileFacts, type Runtime } from "../runtime/runtime.ts";
import { storeError } from "./store_error.ts";

/** The content of a store, and the file that it was read from. */
export interface StoredText {
  /** The text of the file. */
  readonly text: string;
  /** The file that it was read from, as it was right before. */
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
    // To open a FIFO would wait for somebody to write to it.
    const kind = runtime.stat(path).kind;
    const stored = kind === "file" ? readOpen(path, runtime) : undefined;
    if (stored) return stored;
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

/**
 * Content and facts of one and the same file, whatever its path leads to by
 * now; `undefined` where it is no regular file.
 */
function readOpen(path: string, runtime: Runtime): StoredText | undefined {
  const file = runtime.open(path, { readOnly: true });
  try {
    const facts = file.stat();
    if (facts.kind !== "file") return undefined;
    return { text: decoded(path, file.read()), facts };
  } finally {
    file.close();
  }
}

function decoded(path: string, bytes: Uint8Array): string {
  try {
    return utf8().decode(bytes);
  } catch (error) {
    const { line, column } = firstInvalidUtf8(bytes);
    throw new PortForError(
      "STORE_INVALID",
      `cannot use the store ${path}, line ${line}, column ${column}: it is ` +
        `not UTF-8 text (mend it by hand; nothing was changed)`,
      { cause: error },
    );
  }
}

function utf8(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

/** Where bytes stop to be UTF-8. */
function firstInvalidUtf8(
  bytes: Uint8Array,
): { line: number; column: number } {
  const decoder = utf8();
  let valid = "";
  try {
    for (const byte of bytes) {
      valid += decoder.decode(Uint8Array.of(byte), { stream: true });
    }
  } catch {
    // The characters before this byte are those that could be decoded.
  }
  const lines = valid.split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
