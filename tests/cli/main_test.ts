import { assertEquals, assertStringIncludes } from "@std/assert";
import { mainOn, runOn } from "../support/command_line.ts";
import { VERSION } from "../../lib/version.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

/** Runs a command line on a machine that has only what is given. */
async function called(
  args: readonly string[],
  given: Partial<Runtime> = {},
): Promise<{ status: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const status = await runOn(bareMachine({
    os: "linux",
    args,
    env: () => undefined,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (err += text),
    isErrorTerminal: () => false,
    ...given,
  }));
  return { status, out, err };
}

Deno.test("the process ends with the status of the call", async () => {
  let ended: number | undefined;
  await mainOn(bareMachine({
    args: ["--version"],
    writeOut: () => {},
    exit: ((status: number) => ended = status) as Runtime["exit"],
  }));

  assertEquals(ended, 0);
});

Deno.test("help, version and usage need nothing of the machine", async () => {
  assertEquals(await called(["-v"]), {
    status: 0,
    out: `port-for ${VERSION}\n`,
    err: "",
  });
  const help = await called(["-h"]);
  assertEquals([help.status, help.err], [0, ""]);
  const usage = await called([]);
  assertEquals([usage.status, usage.out], [2, ""]);
});

Deno.test("a bad command line needs nothing of the machine", async () => {
  for (
    const args of [
      ["web", "--port=0"],
      ["web", "--range=9-1"],
      ["web", "--exclude=x"],
      ["web", "--wait=x"],
      ["web", "--nope"],
      [" "],
    ]
  ) {
    const { status, out, err } = await called(args);
    assertEquals([status, out], [2, ""], err);
  }
});

Deno.test("a lookup looks at the file and its folder, and reads one file", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 2000\n");
  const calls: string[] = [];

  const { out } = await called(["--store", path, "web"], {
    userId: currentRuntime.userId,
    stat: (path) => {
      calls.push("stat");
      return currentRuntime.stat(path);
    },
    readText: (path) => {
      calls.push("readText");
      return currentRuntime.readText(path);
    },
  });

  assertEquals(out, "2000\n");
  assertEquals(calls, ["stat", "stat", "readText"]);
});

Deno.test("whatever the machine throws, a message and status 1 come of it", async () => {
  const { status, out, err } = await called(["web"], {
    stat: () => {
      throw systemError("EIO");
    },
  });

  assertEquals([status, out], [1, ""]);
  assertStringIncludes(err, "port-for: cannot read /etc/port-for.toml: ");
});

Deno.test("a standard error that is full or gone hides no status", async () => {
  for (const code of ["EPIPE", "ENOSPC"]) {
    const writeError = () => {
      throw systemError(code);
    };

    assertEquals((await called(["--nope"], { writeError })).status, 2);
  }
});
