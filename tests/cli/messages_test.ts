import { assertEquals, assertStringIncludes } from "@std/assert";
import { fail, warn } from "../../lib/cli/messages.ts";
import { PortForError } from "../../lib/error.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";

/** What a failure prints, and its exit status. */
function failure(error: unknown): [text: string, status: number] {
  let text = "";
  const runtime = bareMachine({ writeError: (part) => void (text += part) });
  const status = fail(runtime, error);
  return [text, status];
}

Deno.test("a refusal is one line; its status tells bad input from the rest", () => {
  for (
    const [code, status] of [
      ["BAD_INPUT", 2],
      ["PORT_TAKEN", 1],
      ["NO_GOOD_PORT", 1],
      ["STORE_INVALID", 1],
      ["STORE_BUSY", 1],
      ["NO_PERMISSION", 1],
      ["FAILED", 1],
    ] as const
  ) {
    assertEquals(failure(new PortForError(code, "cannot X: why (do Y)")), [
      "port-for: cannot X: why (do Y)\n",
      status,
    ]);
  }
});

Deno.test("a reader who has left is not told, there is nobody to tell", () => {
  assertEquals(failure(systemError("EPIPE")), ["", 1]);
});

Deno.test("any other error is one line too, without a stack trace", () => {
  for (const error of [new TypeError("odd"), systemError("EIO"), "odd"]) {
    const [text, status] = failure(error);

    assertEquals(status, 1);
    assertEquals(text.match(/\n/g)!.length, 1);
    assertStringIncludes(text, "port-for: cannot go on: ");
    assertStringIncludes(text, error instanceof Error ? error.message : error);
  }
});

Deno.test("a warning says that it is one", () => {
  let text = "";
  warn(
    bareMachine({ writeError: (part) => void (text += part) }),
    "mind the gap",
  );

  assertEquals(text, "port-for: warning: mind the gap\n");
});
