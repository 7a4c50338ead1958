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

declare const process: { exit(status: number): never };

interface BunFile {
  /** In bytes; infinite for FIFOs, devices and the like. */
  readonly size: number;
  /** Opens the file at once, and reads it without another thread. */
  stream(): ReadableStream<Uint8Array>;
}

/** The arguments of the command line. */
export const quickArgs: readonly string[] = Bun.argv.slice(2);

/** An environment variable. */
export function quickEnv(name: string): string | undefined {
  return Bun.env[name];
}

/**
 * The text of a regular file of 1 to `most` bytes; `undefined` for anything
 * else.
 *
 * @throws {TypeError} if it is not UTF-8; other errors if it cannot be read.
 */
export async function readQuickly(
  path: string,
  most: number,
): Promise<string | undefined> {
  const file = Bun.file(path);
  // Read the size only once: each time takes as long as reading the file. It is
  // 0 if there is no file.
  const { size } = file;
  if (size === 0 || size > most) return undefined;
  const reader = file.stream().getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, length] = ["", 0];
  while (length < size) {
    const chunk = await readAtOnce(reader);
    if (!chunk) return undefined;
    text += decoder.decode(chunk, { stream: true });
    length += chunk.length;
  }
  // If it has grown meanwhile, perhaps not all of it was read.
  return length === size ? text + decoder.decode() : undefined;
}

/**
 * The next bytes of a file; `undefined` at its end, and if they must be waited
 * for: what was a regular file may be a FIFO by now, and that may never end.
 */
async function readAtOnce(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array | undefined> {
  let chunk: Uint8Array | undefined;
  const failed = () => {};
  void reader.read().then(({ value }) => chunk = value, failed);
  // Reading begins after this microtask, and has ended after the next.
  await undefined;
  await undefined;
  return chunk;
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

/**
 * Prints the answer and exits the process. Unlike other ways to print, this
 * reports a full disk and does not change the flags of a pipe that others
 * share.
 */
export async function printAndExit(text: string): Promise<never> {
  // A regular file cannot be the /dev/null that Bun opens for a closed output.
  if (Bun.stdout.size === Infinity) refuseClosedOutput(await outputInfo());
  await Bun.write(Bun.stdout, text);
  // By itself, Bun would first wait for the thread in which it closes files.
  process.exit(0);
}

/** Linux's information about standard output; "" elsewhere. */
async function outputInfo(): Promise<string> {
  try {
    const reader = Bun.file("/proc/self/fdinfo/1").stream().getReader();
    return new TextDecoder().decode(await readAtOnce(reader));
  } catch {
    return "";
  }
}
