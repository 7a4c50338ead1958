import { isAbsolute } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * The cache folder: `$XDG_CACHE_HOME/port-for`, else `/var/cache/port-for` for
 * root and `~/.cache/port-for` for everybody else.
 *
 * @returns `undefined` if there is no such folder.
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

/** Root's cache, which everybody can read. */
export const ROOTS_CACHE = "/var/cache/port-for";

/** A short tag for a text, for use in file names: 64 bits of its hash. */
export async function fileTag(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(
    hash.subarray(0, 8),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Creates the cache folder, private to its user; root's is readable by all. */
export function makeCacheFolder(folder: string, runtime: Runtime): void {
  runtime.makeFolder(folder, folder === ROOTS_CACHE ? 0o755 : 0o700);
}

/** A temporary file older than this was left by a process that died. */
const STALE_MS = 10_000;

/**
 * Replaces a file of the cache atomically. It need not survive a power failure.
 * If another process is writing it, this fails.
 *
 * @throws a system error.
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
    if (Date.now() - modified > STALE_MS) runtime.remove(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
