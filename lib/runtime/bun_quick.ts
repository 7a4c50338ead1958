/**
 * The little of Bun that a plain lookup takes. Loading `node:fs` for it would
 * cost more than all of the rest.
 *
 * @module
 */
import { refuseClosedOutput } from "./closed_output.ts";

/** The part of Bun that is used here. */
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

/** So is this. */
declare const Buffer: { byteLength(text: string): number };

interface BunFile {
  /** In bytes; infinite for a FIFO, a device and the like. */
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
 * The text of a regular file that is not larger than `most` bytes; `undefined`
 * for anything else. What is not UTF-8 comes with U+FFFD in its place.
 */
export async function readQuickly(
  path: string,
  most: number,
): Promise<string | undefined> {
  const file = Bun.file(path);
  // One look, without a thread: a second one would cost what reading does.
  const { size } = file;
  if (size > most) return undefined;
  // What was a file a moment ago may be a FIFO by now, which has no end.
  const text = await within(LONGEST_READ_MS, file.text());
  if (text === undefined) return undefined;
  // Bun reads UTF-16 too, where that has a byte order mark.
  return Buffer.byteLength(text) === size ? text : undefined;
}

/**
 * What in a folder ends in `.toml`, symlinks included; nothing where there is no
 * folder.
 */
export function tomlFilesIn(folder: string): string[] {
  try {
    // By default it would pass symlinks over.
    const options = { cwd: folder, onlyFiles: false };
    return [...new Bun.Glob("*.toml").scanSync(options)];
  } catch {
    return [];
  }
}

/** No disk that works takes as long as this. */
const LONGEST_READ_MS = 2000;

/** What a promise comes to; `undefined` where it takes too long. */
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
 * Prints the answer. Unlike the other ways to print this says where the disk is
 * full, and leaves the flags of a pipe that others write to as they were.
 */
export async function printQuickly(text: string): Promise<void> {
  // Never with a regular file: that is no device that Bun put there.
  if (Bun.stdout.size === Infinity) refuseClosedOutput(await outputInfo());
  await Bun.write(Bun.stdout, text);
}

/** What Linux says of standard output; nothing elsewhere. */
async function outputInfo(): Promise<string> {
  try {
    return await Bun.file("/proc/self/fdinfo/1").text();
  } catch {
    return "";
  }
}
