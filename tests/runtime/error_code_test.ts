import { assertEquals } from "@std/assert";
import { errorCode, systemError } from "../../lib/runtime/runtime.ts";

Deno.test("an error that an engine gives no name has that of its number", () => {
  for (
    const [number, name] of [
      [28, "ENOSPC"],
      [116, "ESTALE"],
      [122, "EDQUOT"],
      // Nobody knows it.
      [4095, "E4095"],
    ] as const
  ) assertEquals(errorCode(systemError(number, "write")), name);
  const unnamed = new Error("Quota exceeded (os error 122)");
  assertEquals(errorCode(unnamed), "EDQUOT");
  assertEquals(errorCode(new Error("no system's")), undefined);
});
