import { assertEquals, assertThrows } from "@std/assert";
import {
  checkReport,
  explainedPorts,
  namedPorts,
  portMap,
  read,
  statuses,
} from "../support/json.ts";
import { hasNetworks, Network } from "../support/network.ts";
import { TempFolder } from "../support/temp.ts";

/** Something of everything that an answer can have in it. */
const STORE = `[policy]
exclude = ["29700-29799"]

[ports]
web = 29500
"10" = 29501
block = { port = 29510, count = 4, expires = 2999-12-31T23:59:59.5Z }
over = { port = 29520, expires = 2020-01-01T00:00:00+01:00 }
worktree = { port = 29530, directory = "/nonexistent" }
pinned = { port = 40002, reserved = "kernel" }
postgres = 5432
`;

Deno.test({
  name: "every answer in JSON is one line of the type that the library exports",
  ignore: !hasNetworks,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", STORE);
    await using network = await Network.of();
    const host = "127.0.0.1";
    await network.hold({ port: 29500, how: "listening", host });
    await network.hold({ port: 29501, how: "bound", host });
    await network.hold({ port: 29511, how: "udp", host });
    await network.hold({ port: 29520, how: "connected", host });
    const ports = [29500, 29501, 29511, 29520, 29530, 40002, 5432, 80, 61005]
      .concat([29172, 29750, 25565]);
    for (
      const [check, ...args] of [
        [explainedPorts, ...ports.map((port) => `--explain=${port}`)],
        [statuses, "--status"],
        [checkReport, "--check"],
        [portMap, "--map"],
        [portMap, "--map", "--range=29500"],
        [namedPorts, "--list"],
        [namedPorts, "--get=web", "--get=block"],
        [namedPorts, "web", "10", "new"],
      ] as const
    ) {
      const { stdout } = await network.portFor([
        ...["--json", "--store", store, ...args],
      ]);
      assertEquals(stdout.indexOf("\n"), stdout.length - 1);
      const { status } = await network.portFor(["--store", store, ...args]);
      // Building it anew refuses what is missing and what is too much.
      assertEquals<unknown>(read<unknown>(check, stdout), JSON.parse(stdout));
      assertEquals(status, (args[0].match(/explain|check/)) ? 1 : 0);
    }
  },
});

Deno.test("the checks of the JSON refuse what the types do not have", () => {
  const status = {
    ...{ name: "web", port: 29500, count: 1, state: "free", holders: [] },
  };
  const refused = (value: unknown) =>
    assertThrows(() => read(statuses, JSON.stringify([value])));
  assertEquals(read(statuses, JSON.stringify([status])).length, 1);
  refused({ ...status, more: 1 });
  refused({ ...status, name: undefined });
  refused({ ...status, port: "29500" });
  refused({ ...status, port: 0 });
  refused({ ...status, state: "lost" });
  refused({ ...status, expires: "2020" });
  refused({ ...status, holders: [{ port: 29500 }] });
  refused([]);
  assertThrows(() => read(namedPorts, '{"web":"29500"}'));
  assertThrows(() => read(namedPorts, "[29500]"));
});
