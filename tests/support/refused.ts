import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PortForError, type PortForErrorCode } from "../../lib/error.ts";

/**
 * Asserts that an act is refused with a code, and says these parts why.
 *
 * @returns The error.
 */
export async function refused(
  code: PortForErrorCode,
  act: () => unknown,
  ...parts: readonly string[]
): Promise<PortForError> {
  const error = await assertRejects(async () => await act(), PortForError);
  assertEquals(error.code, code, error.message);
  for (const part of parts) assertStringIncludes(error.message, part);
  return error;
}
