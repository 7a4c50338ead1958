import { PortForError } from "../error.ts";
import type { FileFacts, Runtime } from "../runtime/runtime.ts";
import { utf8Text } from "../runtime/utf8.ts";
import { type Manifest, readManifest } from "../toml/manifest.ts";
import { OTHER_FILE, readError } from "./store_error.ts";

/** In bytes. A manifest comes from strangers, so its size is limited. */
const LARGEST_MANIFEST = 64 * 1024;

/** A checkout, and its manifest if it has one. */
export interface ManifestPlace {
  /** The root of the checkout. */
  readonly root: string;
  /** The path of the manifest, if there is one. */
  readonly manifest?: string;
}

/**
 * Reads the manifest of a checkout; `undefined` if it has none.
 *
 * @throws {PortForError} with what is wrong with the file, or in it.
 */
export function readManifestOf(
  { root, manifest }: ManifestPlace,
  runtime: Runtime,
): Manifest | undefined {
  if (manifest === undefined) return undefined;
  const text = utf8Text(bytesOf(manifest, root, runtime));
  if (text === undefined) throw refused(manifest, "it is not UTF-8 text");
  return readManifest(text, manifest);
}

function bytesOf(path: string, root: string, runtime: Runtime): Uint8Array {
  try {
    const there = runtime.lstat(path);
    refuseOdd(path, there, runtime.stat(root), runtime);
    const file = runtime.open(path, { readOnly: true, neverWaits: true });
    try {
      if (file.stat().identity === there.identity) return file.read();
    } finally {
      file.close();
    }
  } catch (error) {
    const what = `cannot read the manifest ${path}`;
    throw readError(path, error, runtime, { what, other: OTHER_FILE });
  }
  throw refused(path, "it was replaced while it was read (try again)");
}

function refuseOdd(
  path: string,
  { kind, size, userId }: FileFacts,
  root: FileFacts,
  runtime: Runtime,
): void {
  if (kind !== "file") {
    throw refused(path, `it is ${KINDS[kind]}, and not a regular file`);
  }
  if (size > LARGEST_MANIFEST) {
    throw refused(path, `it is larger than ${LARGEST_MANIFEST / 1024} KiB`);
  }
  const self = runtime.userId();
  if (self === undefined || userId === self || userId === root.userId) return;
  throw refused(
    path,
    `it belongs to user ${userId}, who is neither you nor the owner of ` +
      `the checkout`,
  );
}

const KINDS: Readonly<Record<FileFacts["kind"], string>> = {
  file: "a file",
  folder: "a folder",
  symlink: "a symlink",
  other: "a FIFO, a socket or a device",
};

function refused(path: string, why: string): PortForError {
  return new PortForError("FAILED", `cannot use the manifest ${path}: ${why}`);
}
