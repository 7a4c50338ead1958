import { assertEquals, assertStringIncludes } from "@std/assert";
import { fail, warn } from "../../lib/cli/messages.ts";
import { PortForError, type PortForErrorCode } from "../../lib/error.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";

/** What a failure prints, and its exit status. */
function failure(error: unknown): [text: string, status: number] {
  let text = "";
  const runtime = bareMachine({
    writeError: (part) => void (text += part),
    isErrorTerminal: () => false,
  });
  const status = fail(runtime, error);
  return [text, status];
}

Deno.test("a refusal is one line; its status tells bad input from the rest", () => {
  const others: PortForErrorCode[] = [
    ...["PORT_TAKEN", "NO_GOOD_PORT", "STORE_INVALID"] as const,
    ...["STORE_BUSY", "NO_PERMISSION", "FAILED"] as const,
  ];
  for (const code of ["BAD_INPUT", ...others] as const) {
    const refusal = new PortForError(code, "cannot X: why (do Y)");
    const said = "port-for: cannot X: why (do Y)\n";
    assertEquals(failure(refusal), [said, code === "BAD_INPUT" ? 2 : 1]);
  }
});

Deno.test("any other error is one line too, without a stack trace", () => {
  for (const error of [new TypeError("odd"), systemError("EIO"), "odd"]) {
    const [text, status] = failure(error);
    assertEquals([status, text.match(/\n/g)!.length], [1, 1]);
    assertStringIncludes(text, "port-for: cannot ");
    assertStringIncludes(text, error instanceof Error ? error.message : error);
  }
  // A reader who has left is not told, there is nobody to tell.
  assertEquals(failure(systemError("EPIPE")), ["", 1]);
});

Deno.test("a warning says that it is one", () => {
  let text = "";
  const runtime = bareMachine({
    writeError: (part) => void (text += part),
    isErrorTerminal: () => false,
  });
  warn(runtime, "mind the gap");
  assertEquals(text, "port-for: warning: mind the gap\n");
});
