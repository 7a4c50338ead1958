import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Named } from "../../../lib/cli/call.ts";
import { runWithPorts } from "../../../lib/cli/commands/run.ts";
import { PortForError } from "../../../lib/error.ts";
import { portSet } from "../../../lib/ports/port_set.ts";
import type { Runtime } from "../../../lib/runtime/runtime.ts";
import { quietLinux, systemError } from "../../support/fake_runtime.ts";

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
    runInPlace: (command, args, environment) => {
      run = { command, args, environment };
      return Promise.resolve(7);
    },
  };
  return { status: await runWithPorts(words, ports, runtime), run };
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
  const { run } = await ran(
    [
      "{web}",
      "{port}",
      "--listen=[::]:{web}",
      "{web}{my.db}",
      "{my.db}",
      "{}",
      "{other}",
      "{WEB}",
      "{ web }",
      "{{web}}",
      "${web}",
      "{web",
      "constructor {constructor} {__proto__}",
      "",
    ],
    [named("web", 2001), named("my.db", 2002)],
  );

  assertEquals(run?.command, "{web}");
  assertEquals(run?.args, [
    "2001",
    "--listen=[::]:2001",
    "20012002",
    "2002",
    "{}",
    "{other}",
    "{WEB}",
    "{ web }",
    "{2001}",
    "$2001",
    "{web",
    "constructor {constructor} {__proto__}",
    "",
  ]);
});

Deno.test("a port in use by now stops the command, and says which and whose", async () => {
  for (const used of ["2002", "2011"]) {
    const error = await assertRejects(
      () =>
        ran(
          ["server"],
          [named("web", 2001), named("db", 2002), named("block", 2010, 3)],
          used,
        ),
      PortForError,
      `cannot run "server": port ${used} of ` +
        `"${used === "2002" ? "db" : "block"}" is in use by `,
    );

    assertEquals(error.code, "FAILED");
  }
});

Deno.test("a command that cannot be started has the status that shells give it", async () => {
  for (
    const [code, status, why] of [
      ["ENOENT", 127, "there is no such command"],
      ["EACCES", 126, "it is not an executable file"],
      ["ENOTDIR", 126, "ENOTDIR"],
      ["ENOEXEC", 126, "ENOEXEC"],
      ["E2BIG", 126, "E2BIG"],
    ] as const
  ) {
    let message = "";
    const found = await runWithPorts(["server"], [named("web", 2001)], {
      ...quietLinux({}),
      writeError: (text) => void (message += text),
      runInPlace: () => Promise.reject(systemError(code)),
    });

    assertEquals(found, status, code);
    assertStringIncludes(message, 'port-for: cannot run "server": ');
    assertStringIncludes(message, why);
    assertEquals(message.match(/\n/g)?.length, 1);
  }
});
