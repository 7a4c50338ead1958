/** What most files take that say nothing of their size. */
const SHORT = 4096;

/** What the longest of them takes at most: a list of every other port. */
const LONG = 256 * 1024;

/** A file to read from, at the place where it was read last. */
export interface ReadableFile {
  /** Reads into some bytes; how many it were, 0 at the end. */
  read(bytes: Uint8Array): number;
  /** Goes back to where the file begins. */
  rewind(): void;
}

/**
 * Reads a file to its end. Files of /proc and /sys say that they are empty, and
 * those of /proc/sys say only at the first read what they have to say: what does
 * not fit is lost. Linux takes a while to prepare for a long one, so a short one
 * is tried first.
 *
 * @param size How long the file says that it is, in bytes.
 */
export function readAll(size: number, file: ReadableFile): Uint8Array {
  const bytes = new Uint8Array(Math.max(size + 1, SHORT));
  const length = filled(bytes, 0, file);
  if (length < bytes.length) return bytes.subarray(0, length);
  file.rewind();
  return readLong(new Uint8Array(Math.max(2 * size, LONG)), file);
}

function readLong(bytes: Uint8Array, file: ReadableFile): Uint8Array {
  for (let length = 0;;) {
    length = filled(bytes, length, file);
    if (length < bytes.length) return bytes.subarray(0, length);
    const longer = new Uint8Array(2 * bytes.length);
    longer.set(bytes);
    bytes = longer;
  }
}

/** Reads until the bytes are full or the file ends; returns where it stopped. */
function filled(bytes: Uint8Array, from: number, file: ReadableFile): number {
  let length = from;
  while (length < bytes.length) {
    const read = file.read(bytes.subarray(length));
    if (read === 0) break;
    length += read;
  }
  return length;
}
