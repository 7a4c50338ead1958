import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Named } from "../../../lib/cli/call.ts";
import { runWithPorts } from "../../../lib/cli/commands/run.ts";
import { variablesFor } from "../../../lib/cli/variables.ts";
import { portSet } from "../../../lib/ports/port_set.ts";
import type { Runtime } from "../../../lib/runtime/runtime.ts";
import { quietLinux, systemError } from "../../support/fake_runtime.ts";
import { refused } from "../../support/refused.ts";

function named(name: string, port: number, count = 1): Named {
  return [name, { name, port, count }];
}

/** A call of `runInPlace`. */
interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What is run, on a machine where some ports are used. */
async function ran(
  words: readonly string[],
  ports: readonly Named[],
  used = "",
): Promise<{ run: Run | undefined; status: number }> {
  let run: Run | undefined;
  const runtime: Runtime = {
    ...quietLinux({ used: portSet(used === "" ? [] : used) }),
    become: () => Promise.resolve(),
    runInPlace: (command, args, environment) => {
      run = { command, args, environment };
      return Promise.resolve(7);
    },
  };
  const variables = variablesFor(ports, undefined);
  const status = await runWithPorts(words, ports, variables, runtime);
  return { status, run };
}

Deno.test("a command has the first port as PORT, and each under its name", async () => {
  const { run, status } = await ran(
    ["server", "--verbose"],
    [named("web", 2001), named("my.db", 2002), named("block", 2010, 3)],
  );

  assertEquals(status, 7);
  assertEquals(run, {
    command: "server",
    args: ["--verbose"],
    environment: {
      PORT: "2001",
      WEB_PORT: "2001",
      MY_DB_PORT: "2002",
      BLOCK_PORT: "2010",
    },
  });
});

Deno.test("{port} and {NAME} in arguments are replaced, and nothing else is", async () => {
  const words = [
    ["{port}", "2001"],
    ["--listen=[::]:{web}", "--listen=[::]:2001"],
    ["{web}{my.db}", "20012002"],
    ["{{web}}", "{2001}"],
    ["${web}", "$2001"],
    ...["{}", "{other}", "{WEB}", "{ web }", "{web", ""].map((as) => [as, as]),
    ["{constructor} {__proto__}", "{constructor} {__proto__}"],
  ];
  const { run } = await ran(
    ["{web}", ...words.map(([word]) => word!)],
    [named("web", 2001), named("my.db", 2002)],
  );
  assertEquals(run?.command, "{web}");
  assertEquals(run?.args, words.map(([_, becomes]) => becomes!));
});

Deno.test("a port in use by now stops the command, and says which and whose", async () => {
  const ports = [
    named("web", 2001),
    named("db", 2002),
    named("block", 2010, 3),
  ];
  for (const [used, name] of [["2002", "db"], ["2011", "block"]] as const) {
    const act = () => ran(["server"], ports, used);
    await refused("FAILED", act, '"server"', `port ${used} of "${name}"`);
  }
});

Deno.test("a command that cannot be started has the status that shells give it", async () => {
  for (
    const [code, status, why] of [
      ["ENOENT", 127, "no such command"],
      ["EACCES", 126, "executable"],
      ["ENOTDIR", 126, "not a folder"],
      ["ENOEXEC", 126, "not a program"],
      ["E2BIG", 126, "too long"],
      ["EIO", 126, "EIO"],
    ] as const
  ) {
    let message = "";
    const runtime: Runtime = {
      ...quietLinux({}),
      writeError: (text) => void (message += text),
      isErrorTerminal: () => false,
      env: () => undefined,
      become: () => Promise.resolve(),
      runInPlace: () => Promise.reject(systemError(code)),
    };
    const ports = [named("web", 2001)];
    const found = await runWithPorts(["server"], ports, new Map(), runtime);

    assertEquals(found, status, code);
    assertStringIncludes(message, 'port-for: cannot run "server": ');
    assertStringIncludes(message, why);
    assertEquals(message.match(/\n/g)?.length, 1);
  }
});
