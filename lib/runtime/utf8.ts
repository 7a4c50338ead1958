/**
 * Decodes UTF-8; `undefined` if the bytes are something else, such as UTF-16 or
 * Latin-1. Keeps a byte order mark.
 */
export function utf8Text(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return undefined;
  }
  // A character has at most four bytes. If the text is shorter, the engine cut
  // it off: some do so silently for huge inputs.
  return 4 * text.length < bytes.length ? undefined : text;
}

/** Where bytes stop being UTF-8; both numbers start at 1. */
export function firstInvalidUtf8(
  bytes: Uint8Array,
): { line: number; column: number } {
  // Finds the longest valid beginning by bisection.
  let [valid, invalid] = [0, bytes.length];
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const isValid = (length: number) => {
    try {
      decoder.decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    } finally {
      // Resets the decoder, which may hold part of a character.
      try {
        decoder.decode();
      } catch {
        // It did hold one.
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
