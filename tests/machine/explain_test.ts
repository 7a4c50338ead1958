import { assert, assertEquals } from "@std/assert";
import { explain } from "../../lib/machine/explain.ts";
import { explainPort } from "../../lib/store/explain.ts";
import { availableOutside, goodPortsOf } from "../../lib/ports/policy.ts";
import { portSet } from "../../lib/ports/port_set.ts";
import { quietLinux, RANGE_FILE } from "../support/fake_runtime.ts";
import { freePort, Holder } from "../support/holders.ts";
import { refused } from "../support/refused.ts";

const LINUX = { first: 32768, last: 60999 };

Deno.test("a good port has nothing against it, and may be in use", async () => {
  const good = {
    port: 29500,
    good: true,
    free: true,
    space: "registered",
    assigned: [],
    wellKnown: [],
    kernelReserved: false,
    holders: [],
  };
  assertEquals(await explain(29500, quietLinux()), good as never);
  const used = await explain(29500, quietLinux({ used: portSet(29500) }));
  assertEquals([used.good, used.free], [true, false]);
});

Deno.test("an explanation names the services of a claimed port", async () => {
  const { assigned } = await explain(5432, quietLinux());
  assertEquals(assigned[0]?.name, "postgresql");
  const { assigned: none, wellKnown } = await explain(25565, quietLinux());
  assertEquals(none, []);
  assert(wellKnown[0]?.description.includes("Minecraft"));
});

Deno.test("a reserved port is as good as one outside the ephemeral range", async () => {
  const runtime = quietLinux({ reserved: "40000-40099\n" });
  const ephemeral = { range: LINUX, source: RANGE_FILE };
  for (const [port, reserved] of [[40050, true], [40200, false]] as const) {
    const explained = await explain(port, runtime);
    assertEquals(explained.ephemeral, ephemeral);
    assertEquals(explained.good, reserved);
    assertEquals(explained.kernelReserved, reserved);
  }
});

Deno.test("what is close to a claimed port, or in a short run, is told by that", async () => {
  // 29173-29896 is good, so its run is 29170-29899.
  for (
    const [port, near] of [
      [29170, 29169],
      [29172, 29169],
      [29173, undefined],
      [29896, undefined],
      [29897, 29900],
      [29899, 29900],
    ] as const
  ) {
    const explained = await explain(port, quietLinux());
    assertEquals(explained.near?.port, near, `${port}`);
    assertEquals(explained.shortRange, undefined);
  }
  const { near } = await explain(
    29599,
    quietLinux({ ephemeral: "29600 60999" }),
  );
  assertEquals(near, { port: 29600, by: "the system" });
  const short = await explain(29175, quietLinux({ ephemeral: "29180 60999" }));
  assertEquals(short.good, false);
  assertEquals(short.shortRange, { first: 29170, last: 29179 });
});

Deno.test("every port that is not good has a reason", async () => {
  const good = goodPortsOf(availableOutside([LINUX]));
  // A sample of all kinds of ports: each explanation reads all services.
  const sample = Array.from({ length: 198 }, (_, at) => 1 + 331 * at);
  for (const port of [...sample, 1023, 1024, 49151, 49152, 65535]) {
    const explained = await explain(port, quietLinux());
    assertEquals(explained.good, good.has(port), `${port}`);
    const { space, assigned, wellKnown, ephemeral, near, shortRange } =
      explained;
    assertEquals(
      space,
      port < 1024 ? "system" : port < 49152 ? "registered" : "dynamic",
    );
    const reasons = space !== "registered" || assigned.length > 0 ||
      wellKnown.some(({ transports }) => transports.includes("tcp")) ||
      ephemeral !== undefined || near !== undefined || shortRange !== undefined;
    assertEquals(reasons, !explained.good, `${port}`);
  }
});

Deno.test({
  name: "an explanation names who listens on the port",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const port = await freePort();
    await using holder = await Holder.of(port, "listening", "127.0.0.1");
    const { free, holders } = await explainPort(port);
    assertEquals(free, false);
    assertEquals(
      holders.map(({ pid, address, how }) => [pid, address, how]),
      [[holder.pid, "127.0.0.1", "listening"]],
    );
  },
});

Deno.test("what is not a port cannot be explained", async () => {
  for (const port of [0, -1, 65536, 80.5, NaN]) {
    await refused("BAD_INPUT", () => explainPort(port));
  }
});
