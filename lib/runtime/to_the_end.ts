/**
 * System calls may stop before their work is done. These go on to its end.
 *
 * @module
 */
import { errorCode } from "./runtime.ts";

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

/** How long to wait for a slow reader, in milliseconds. */
const PAUSE_MS = 5;

/**
 * Writes all bytes, even if only a few are accepted at a time. A non-blocking
 * pipe fails with EAGAIN when it is full; then its reader gets some time.
 *
 * @param write Writes some of the bytes and returns how many.
 */
export function writeAll(
  write: (bytes: Uint8Array) => number,
  bytes: Uint8Array,
): void {
  for (let written = 0; written < bytes.length;) {
    try {
      written += write(bytes.subarray(written));
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/** This many interruptions in a row are no coincidence. */
const MOST_TRIES = 100;

/** Repeats an action that a signal interrupted (EINTR). */
export function uninterrupted<T>(action: () => T): T {
  for (let tries = 1;; tries++) {
    try {
      return action();
    } catch (error) {
      if (errorCode(error) !== "EINTR" || tries === MOST_TRIES) throw error;
    }
  }
}
