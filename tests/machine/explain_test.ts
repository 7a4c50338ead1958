import { assert, assertEquals, assertRejects } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { explain, explainPort } from "../../lib/machine/explain.ts";
import { availableOutside, goodPortsOf } from "../../lib/ports/policy.ts";
import { portSet } from "../../lib/ports/port_set.ts";
import { quietLinux, RANGE_FILE } from "../support/fake_runtime.ts";
import { freePort, Holder } from "../support/holders.ts";

Deno.test("a good port that is free has nothing against it", async () => {
  assertEquals(await explain(29500, quietLinux()), {
    port: 29500,
    good: true,
    free: true,
    space: "registered",
    assigned: [],
    wellKnown: [],
    kernelReserved: false,
    holders: [],
  });
});

Deno.test("a port that is used is still a good one", async () => {
  const explained = await explain(
    29500,
    quietLinux({ used: portSet(29500) }),
  );
  assertEquals([explained.good, explained.free], [true, false]);
});

Deno.test("an explanation says where RFC 6335 puts the port", async () => {
  for (
    const [port, space] of [
      [1, "system"],
      [1023, "system"],
      [1024, "registered"],
      [49151, "registered"],
      [49152, "dynamic"],
      [65535, "dynamic"],
    ] as const
  ) {
    assertEquals((await explain(port, quietLinux())).space, space);
  }
});

Deno.test("an explanation names the services of a claimed port", async () => {
  const { good, assigned } = await explain(5432, quietLinux());
  assertEquals([good, assigned[0]?.name], [false, "postgresql"]);
  const { assigned: none, wellKnown } = await explain(25565, quietLinux());
  assertEquals(none, []);
  assert(wellKnown[0]?.description.includes("Minecraft"));
});

Deno.test("an explanation names the ephemeral range and its source", async () => {
  const { good, ephemeral } = await explain(40100, quietLinux());
  assertEquals(good, false);
  assertEquals(ephemeral, {
    range: { first: 32768, last: 60999 },
    source: RANGE_FILE,
  });
  assertEquals((await explain(29500, quietLinux())).ephemeral, undefined);
});

Deno.test("an explanation says whether the kernel reserves the port", async () => {
  const runtime = quietLinux({ reserved: "40000-40099\n" });
  // Then it is not handed out, and as good as any other.
  const { good, kernelReserved, ephemeral } = await explain(40050, runtime);
  assertEquals([good, kernelReserved], [true, true]);
  assertEquals(ephemeral?.range, { first: 32768, last: 60999 });
  assertEquals((await explain(40200, runtime)).kernelReserved, false);
});

Deno.test("a port at a border is explained by the claimed port next to it", async () => {
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
    assertEquals(explained.good, near === undefined);
    assertEquals(explained.shortRange, undefined);
  }
});

Deno.test("what is next to the ephemeral range is near to the system's ports", async () => {
  const runtime = quietLinux({ ephemeral: "29600 60999" });
  const { near } = await explain(29599, runtime);
  assertEquals(near, { port: 29600, by: "the system" });
});

Deno.test("a port in a short run is explained by that run", async () => {
  const runtime = quietLinux({ ephemeral: "29180 60999" });
  const { good, shortRange } = await explain(29175, runtime);
  assertEquals(good, false);
  assertEquals(shortRange, { first: 29170, last: 29179 });
});

Deno.test("every port that is not good has a reason", async () => {
  const good = goodPortsOf(availableOutside([{ first: 32768, last: 60999 }]));
  // A sample of all kinds of ports: each explanation reads all services.
  for (let port = 1; port <= 65535; port += 331) {
    const explained = await explain(port, quietLinux());
    assertEquals(explained.good, good.has(port), `${port}`);
    const { space, assigned, wellKnown, ephemeral, near, shortRange } =
      explained;
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

Deno.test("what is no port cannot be explained", async () => {
  for (const port of [0, -1, 65536, 80.5, NaN]) {
    const error = await assertRejects(() => explainPort(port), PortForError);
    assertEquals(error.code, "BAD_INPUT");
  }
});
