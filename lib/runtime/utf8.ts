/**
 * The text that bytes are in UTF-8; `undefined` where they are none, such as
 * those of UTF-16 or Latin-1. A byte order mark stays.
 */
export function utf8Text(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return undefined;
  }
  // One character has at most four bytes: an engine that decodes too much says
  // nothing, and gives back less.
  return 4 * text.length < bytes.length ? undefined : text;
}

/** Where bytes stop being UTF-8; both numbers from 1. */
export function firstInvalidUtf8(
  bytes: Uint8Array,
): { line: number; column: number } {
  // The longest beginning that is valid, found by halving.
  let [valid, invalid] = [0, bytes.length];
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const isValid = (length: number) => {
    try {
      decoder.decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    } finally {
      // What a cut character left behind must not go into the next look.
      try {
        decoder.decode();
      } catch {
        // That was it.
      }
    }
  };
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValid(middle)) valid = middle;
    else invalid = middle;
  }
  const text = new TextDecoder().decode(bytes.subarray(0, valid));
  const lines = text.replace(/\ufffd$/, "").split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
