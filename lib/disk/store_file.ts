import { PortForError } from "../error.ts";
import { errorCode, type FileFacts, type Runtime } from "../runtime/runtime.ts";
import { firstInvalidUtf8, utf8Text } from "../runtime/utf8.ts";
import { readError } from "./store_error.ts";
import { mayBeSwapped } from "./swapped.ts";

/** The text of a store, and facts about its file. */
export interface StoredText {
  /** The text of the file. */
  readonly text: string;
  /** The file, as it was right before it was read. */
  readonly facts: FileFacts;
}

/**
 * Reads a store. That needs no lock, because stores are replaced atomically.
 *
 * @returns `undefined` if there is no such file.
 * @throws {PortForError} `NO_PERMISSION`, `FAILED` or, if the file is not UTF-8
 * text, `STORE_INVALID`.
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
 * Text and facts from one open file, so they match even if the path is
 * replaced; `undefined` if it is not a regular file.
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

/** In bytes: enough for an entry for every port. */
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
