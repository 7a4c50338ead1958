import { assert, assertEquals, assertThrows } from "@std/assert";
import { toolOutput } from "../../lib/machine/tool.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";

Deno.test("a tool is looked for where system tools are, the PATH first", () => {
  const asked: string[] = [];
  const output = toolOutput(
    bareMachine({
      os: "linux",
      run: (command, args) => {
        asked.push([command, ...args].join(" "));
        if (!command.startsWith("/sbin/")) throw systemError("ENOENT");
        return { status: 1, output: "said" };
      },
    }),
    "tool",
    ["-a", "b"],
  );
  assertEquals(asked, ["tool -a b", "/sbin/tool -a b"]);
  assertEquals(output, "said");
});

Deno.test("a tool that is nowhere is an error with the system's code", () => {
  for (const [os, places] of [["linux", 3], ["windows", 1]] as const) {
    let asked = 0;
    const missing = systemError("ENOENT");
    const run = () => {
      asked++;
      throw missing;
    };
    const error = assertThrows(() =>
      toolOutput(bareMachine({ os, run }), "tool", [])
    );
    assert(error === missing);
    assertEquals(asked, places);
  }
});

Deno.test("a tool that may not be run is not looked for elsewhere", () => {
  let asked = 0;
  const run = () => {
    asked++;
    throw systemError("EACCES");
  };
  assertThrows(() => toolOutput(bareMachine({ os: "linux", run }), "tool", []));
  assertEquals(asked, 1);
});
