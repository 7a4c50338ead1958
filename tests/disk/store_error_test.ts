import { assertEquals, assertStrictEquals } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { storeError } from "../../lib/disk/store_error.ts";
import { systemError } from "../support/fake_runtime.ts";

Deno.test("a system error gets its reason, a way out and its code", () => {
  for (
    const [system, code, reason] of [
      ["EACCES", "NO_PERMISSION", "permission denied (run with sudo"],
      ["EPERM", "NO_PERMISSION", "operation not permitted (run with sudo"],
      ["EROFS", "NO_PERMISSION", "the file system is read-only (choose"],
      ["ENOSPC", "FAILED", "no space is left on the device (free some"],
      ["ENOENT", "FAILED", "its folder does not exist (create it first)"],
      ["EISDIR", "FAILED", "it is a folder (choose"],
    ] as const
  ) {
    const cause = systemError(system);
    const error = storeError("cannot write it", cause);

    assertEquals(error.code, code);
    assertEquals(error.message.indexOf(`cannot write it: ${reason}`), 0);
    assertStrictEquals(error.cause, cause);
  }
});

Deno.test("an error without a known name keeps its own words", () => {
  const error = storeError("cannot write it", systemError("EWEIRD"));
  assertEquals(error.message, "cannot write it: the system says EWEIRD");

  assertEquals(storeError("cannot X", "odd").message, "cannot X: odd");
});

Deno.test("a PortForError is passed on as it is", () => {
  const error = new PortForError("STORE_BUSY", "cannot X: busy");
  assertStrictEquals(storeError("cannot write it", error), error);
});
