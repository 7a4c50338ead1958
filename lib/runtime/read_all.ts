/** Enough for most files that do not report their size. */
const SHORT = 4096;

/** Enough for the longest such file: a list of every other port. */
const LONG = 256 * 1024;

/** A file to read from, with a current position. */
export interface ReadableFile {
  /** Reads into `bytes` and returns how many were read, 0 at the end. */
  read(bytes: Uint8Array): number;
  /** Goes back to the beginning. */
  rewind(): void;
}

/**
 * Reads a file to its end. Files in /proc and /sys report a size of 0, and
 * those in /proc/sys answer only the first read: what does not fit is lost.
 * Large reads there are slow, so a short one is tried first.
 *
 * @param size The size that the file reports, in bytes.
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

/**
 * Reads until `bytes` is full or the file ends; returns how many bytes are
 * filled.
 */
function filled(bytes: Uint8Array, from: number, file: ReadableFile): number {
  let length = from;
  while (length < bytes.length) {
    const read = file.read(bytes.subarray(length));
    if (read === 0) break;
    length += read;
  }
  return length;
}
