import { assertEquals, assertThrows } from "@std/assert";
import { toolOutput } from "../../lib/machine/tool.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";

Deno.test("a tool is looked for where system tools are, the PATH first", () => {
  for (
    const [os, code, works, asked] of [
      ["linux", "ENOENT", "/sbin/tool", ["tool", "/sbin/tool"]],
      ["linux", "ENOENT", "", ["tool", "/sbin/tool", "/usr/sbin/tool"]],
      ["windows", "ENOENT", "", ["tool"]],
      // One that may not be run is not looked for elsewhere.
      ["linux", "EACCES", "", ["tool"]],
    ] as const
  ) {
    const found: string[] = [];
    const ask = () =>
      toolOutput(
        bareMachine({
          os,
          run: (command, args) => {
            assertEquals(args, ["-a", "b"]);
            found.push(command);
            if (command !== works) throw systemError(code);
            return { status: 1, output: "said" };
          },
        }),
        "tool",
        ["-a", "b"],
      );
    if (works) assertEquals(ask(), "said");
    else assertThrows(ask, Error, code);
    assertEquals(found, asked as readonly string[] as string[]);
  }
});
