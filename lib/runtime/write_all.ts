import { errorCode } from "./runtime.ts";

/** How long to wait for a reader that is slow, in milliseconds. */
const PAUSE_MS = 5;

/**
 * Writes all of the bytes, however few are taken at a time. A pipe that does
 * not block says so when it is full: then its reader gets a little time.
 *
 * @param write Writes the first of some bytes, and says how many.
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
