/**
 * The few calls of Deno that a plain lookup needs. Loading the others, too,
 * would take half a millisecond.
 *
 * @module
 */
import { PortForError } from "../error.ts";
import type { FileFacts, QuickRuntime } from "./runtime.ts";
import { writeAll } from "./to_the_end.ts";

/** The part of the runtime that a plain lookup needs. */
export const denoQuick: QuickRuntime = {
  // Getters, because this module is also loaded on Bun, which has no Deno.
  get os() {
    return Deno.build.os;
  },
  get args() {
    return Deno.args;
  },

  env,
  userId: () => ifPermitted(() => Deno.uid() ?? undefined),
  writeOut: (text) =>
    writeAll((bytes) => Deno.stdout.writeSync(bytes), utf8(text)),
  readText: (path) => Deno.readTextFileSync(path),
  stat: (path) => factsOf(Deno.statSync(path)),
  readFolder: (path) => [...Deno.readDirSync(path)].map(({ name }) => name),
};

/**
 * An environment variable. One that is not text is an error, and so is
 * PORT_FOR_STORE if it may not be read: treated as unset, it would lead to the
 * wrong store.
 */
function env(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) throw notText(name);
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    if (name !== "PORT_FOR_STORE") return undefined;
    throw new PortForError(
      "NO_PERMISSION",
      `cannot tell which store is meant: Deno may not read PORT_FOR_STORE ` +
        `(run it with --allow-env, or name the store with --store)`,
    );
  }
}

function notText(name: string): PortForError {
  return new PortForError(
    "BAD_INPUT",
    `cannot use the variable ${name}: it is not valid UTF-8 text (set it to ` +
      `something else)`,
  );
}

/** The result of `ask`; `undefined` if Deno lacks the permission. */
export function ifPermitted<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What Deno says about a file, in our words. */
export function factsOf(info: Deno.FileInfo): FileFacts {
  return {
    kind: info.isSymlink
      ? "symlink"
      : info.isFile
      ? "file"
      : info.isDirectory
      ? "folder"
      : "other",
    links: info.nlink ?? 1,
    size: info.size,
    mode: info.mode === null ? undefined : info.mode & 0o7777,
    userId: info.uid ?? undefined,
    groupId: info.gid ?? undefined,
    modified: info.mtime?.getTime() ?? 0,
    identity: `${info.dev}:${info.ino}`,
  };
}
