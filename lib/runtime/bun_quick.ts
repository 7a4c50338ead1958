/**
 * The few calls of Bun that a plain lookup needs. Loading `node:fs` would take
 * longer than all the rest.
 *
 * @module
 */
import { refuseClosedOutput } from "./closed_output.ts";

/** The parts of Bun that are used here. */
declare const Bun: {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: BunFile;
  file(path: string): BunFile;
  Glob: new (pattern: string) => {
    scanSync(
      options: { readonly cwd: string; readonly onlyFiles: boolean },
    ): Iterable<string>;
  };
  write(to: BunFile, text: string): Promise<number>;
};

interface BunFile {
  /** In bytes; infinite for FIFOs, devices and the like. */
  readonly size: number;
  text(): Promise<string>;
}

/** The arguments of the command line. */
export const quickArgs: readonly string[] = Bun.argv.slice(2);

/** An environment variable. */
export function quickEnv(name: string): string | undefined {
  return Bun.env[name];
}

/**
 * The text of a regular file of at most `most` bytes; `undefined` for anything
 * else. Bytes that are not UTF-8 are decoded to U+FFFD.
 */
export async function readQuickly(
  path: string,
  most: number,
): Promise<string | undefined> {
  const file = Bun.file(path);
  // Read the size only once: each time takes as long as reading the file.
  const { size } = file;
  if (size > most) return undefined;
  // By now the file may have been replaced by a FIFO, which never ends.
  const text = await within(LONGEST_READ_MS, file.text());
  if (text === undefined) return undefined;
  // Bun also decodes UTF-16 with a byte order mark, which we do not want.
  return isInUtf8(text, size) ? text : undefined;
}

/** Whether a text has so many bytes in UTF-8. */
function isInUtf8(text: string, size: number): boolean {
  // ASCII, without what encoding costs.
  if (text.length === size) return true;
  return new TextEncoder().encode(text).length === size;
}

/**
 * The files in a folder that end in `.toml`, including symlinks; empty if there
 * is no such folder.
 */
export function tomlFilesIn(folder: string): string[] {
  try {
    // By default it would skip symlinks.
    const options = { cwd: folder, onlyFiles: false };
    return [...new Bun.Glob("*.toml").scanSync(options)];
  } catch {
    return [];
  }
}

/** A working disk never takes this long. */
const LONGEST_READ_MS = 2000;

/** The value of a promise; `undefined` if it takes too long. */
async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Prints the answer. Unlike other ways to print, this reports a full disk and
 * does not change the flags of a pipe that others share.
 */
export async function printQuickly(text: string): Promise<void> {
  // A regular file cannot be the /dev/null that Bun opens for a closed output.
  if (Bun.stdout.size === Infinity) refuseClosedOutput(await outputInfo());
  await Bun.write(Bun.stdout, text);
}

/** Linux's information about standard output; "" elsewhere. */
async function outputInfo(): Promise<string> {
  try {
    return await Bun.file("/proc/self/fdinfo/1").text();
  } catch {
    return "";
  }
}
