import { errorCode } from "./runtime.ts";

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
