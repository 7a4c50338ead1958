import { isAbsolute } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * The folder for what can be had again: `$XDG_CACHE_HOME/port-for`, else root's
 * is `/var/cache/port-for`, and everybody else's `~/.cache/port-for`.
 *
 * @returns `undefined` where there is no such place.
 */
export function cacheFolder(runtime: Runtime): string | undefined {
  const { os } = runtime;
  const below = (folder: string | undefined, rest: string) =>
    folder && isAbsolute(folder, os) ? `${folder}${rest}` : undefined;
  return below(runtime.env("XDG_CACHE_HOME"), "/port-for") ??
    (os === "windows"
      ? below(runtime.env("LOCALAPPDATA"), "/port-for/cache")
      : runtime.userId() === 0
      ? ROOTS_CACHE
      : below(runtime.env("HOME"), "/.cache/port-for"));
}

/** Where root keeps its copy, for everybody to read. */
export const ROOTS_CACHE = "/var/cache/port-for";

/** A short name for a text in the name of a file: 64 bits of its hash. */
export async function fileTag(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(
    hash.subarray(0, 8),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Makes it, for its user alone; root's is for everybody to read. */
export function makeCacheFolder(folder: string, runtime: Runtime): void {
  runtime.makeFolder(folder, folder === ROOTS_CACHE ? 0o755 : 0o700);
}

/** What is being written for longer than this was left by a process that died. */
const LEFT_MS = 10_000;

/**
 * Replaces a file of the cache as a whole. It need not outlive a power failure,
 * and whoever comes second leaves it to the first.
 *
 * @throws an error of the system.
 */
export function replaceFile(
  path: string,
  text: string,
  runtime: Runtime,
  mode = 0o644,
): void {
  const temporary = `${path}.tmp`;
  removeOld(temporary, runtime);
  const file = runtime.open(temporary, { createNew: true, mode });
  try {
    file.write(new TextEncoder().encode(text));
  } finally {
    file.close();
  }
  runtime.rename(temporary, path);
}

function removeOld(path: string, runtime: Runtime): void {
  try {
    const { modified } = runtime.lstat(path);
    if (Date.now() - modified > LEFT_MS) runtime.remove(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
