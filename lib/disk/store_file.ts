import { PortForError } from "../error.ts";
import { errorCode, type FileFacts, type Runtime } from "../runtime/runtime.ts";
import { firstInvalidUtf8, utf8Text } from "../runtime/utf8.ts";
import { readError } from "./store_error.ts";
import { mayBeSwapped } from "./swapped.ts";

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
    const { kind } = runtime.stat(path);
    const stored = kind === "file" ? readOpen(path, runtime) : undefined;
    if (stored) return stored;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw readError(path, error, runtime);
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
  const neverWaits = mayBeSwapped(path, runtime);
  const file = runtime.open(path, { readOnly: true, neverWaits });
  try {
    const facts = file.stat();
    if (facts.kind !== "file") return undefined;
    if (facts.size > LARGEST_STORE) throw tooLarge(path, facts.size);
    return { text: decoded(path, file.read()), facts };
  } finally {
    file.close();
  }
}

/** A store of this many bytes has room for every port there is. */
export const LARGEST_STORE = 16 * 1024 * 1024;

function tooLarge(path: string, size: number): PortForError {
  const megabytes = Math.ceil(size / 1024 / 1024);
  return new PortForError(
    "STORE_INVALID",
    `cannot use the store ${path}: it has ${megabytes} MiB, more than the ` +
      `${LARGEST_STORE / 1024 / 1024} that a store may have (choose another ` +
      `store with --user or --store; nothing was changed)`,
  );
}

function decoded(path: string, bytes: Uint8Array): string {
  const text = utf8Text(bytes);
  if (text !== undefined) return text;
  const { line, column } = firstInvalidUtf8(bytes);
  throw new PortForError(
    "STORE_INVALID",
    `cannot use the store ${path}, line ${line}, column ${column}: it is ` +
      `not UTF-8 text (fix it by hand; nothing was changed)`,
  );
}
