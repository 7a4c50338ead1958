import { assert, assertEquals } from "@std/assert";
import {
  availableGoodPorts,
  availablePorts,
} from "../../lib/machine/good_ports.ts";
import {
  getPort,
  isAvailable,
  selectRandom,
} from "../../lib/machine/select.ts";
import { type Ports, portSet } from "../../lib/ports/port_set.ts";
import { freePort, Holder } from "../support/holders.ts";
import { refused } from "../support/refused.ts";

const noGoodPort = (act: () => Promise<number>) =>
  refused("NO_GOOD_PORT", act, "cannot select a port");

Deno.test("without ports, any good one is selected", async () => {
  const good = availableGoodPorts();
  assert(good.has(await selectRandom()));
  const exclude = availableGoodPorts({ minRangeLength: 500 });
  const port = await getPort(undefined, { exclude });
  assert(good.has(port) && !exclude.has(port));
});

Deno.test("selectRandom leaves out what is in use, and what it is told to", async () => {
  const free = await freePort(portSet("10000-19999"));
  const held = await freePort(portSet("20000-32767"));
  const ports = portSet([free, held]);
  for (const exclude of [held, `${held}`, new Set([held]), portSet(held)]) {
    assertEquals(await selectRandom(ports, { exclude }), free);
  }
  assertEquals(ports.size, 2);
  using _ = Deno.listen({ hostname: "127.0.0.1", port: held });
  // Each of these would be the held port every other time.
  for (let time = 0; time < 20; time++) {
    assertEquals(await selectRandom(ports), free);
  }
  await noGoodPort(() => selectRandom(held));
  await noGoodPort(() => selectRandom([]));
  await noGoodPort(() => selectRandom("9000-9009", { exclude: "1-65535" }));
});

Deno.test("UDP is looked at where that is asked for", async () => {
  const port = await freePort(availablePorts());
  assert(await isAvailable(port, { udp: true }));
  await using _ = await Holder.of(port, "udp", "0.0.0.0");
  assertEquals(await selectRandom(port), port);
  await noGoodPort(() => selectRandom(port, { udp: true }));
  assert(await isAvailable(port));
  assert(!await isAvailable(port, { udp: true }));
});

Deno.test("what is not a port cannot be selected from, nor excluded", async () => {
  for (const bad of ["http", 0, 65536, [80, "x"], { first: 9, last: 8 }]) {
    const exclude = bad;
    await refused("BAD_INPUT", () => selectRandom(bad));
    await refused("BAD_INPUT", () => selectRandom("9000-9009", { exclude }));
    await refused("BAD_INPUT", () => getPort(bad));
  }
});

Deno.test("getPort gives an exact port back, even one in use", async () => {
  const port = await freePort();
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  assertEquals(await getPort(port), port);
  assertEquals(await getPort(`${port}`), port);
  assertEquals(await getPort(1), 1);
});

Deno.test("getPort chooses from anything that may be several ports", async () => {
  const port = await freePort(portSet("10000-32757"));
  const choices: Ports[] = [
    [port],
    { first: port, last: port },
    new Set([port]),
    portSet(port),
    [[{ first: port, last: port }], `${port}`],
  ];
  for (const choice of choices) assertEquals(await getPort(choice), port);
  // It is looked at, unlike an exact one.
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  for (const choice of choices) await noGoodPort(() => getPort(choice));
  const other = await getPort(`${port}-${port + 10}`);
  assert(port < other && other <= port + 10, `${other}`);
});

Deno.test("a port is available when it is unclaimed and free", async () => {
  // A port at a border is available but not good.
  const port = await freePort(availablePorts());
  assert(await isAvailable(port));
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  // In use; a system port, an assigned one, a well-known one, a dynamic one;
  // and none at all.
  for (const none of [port, 4, 8080, 25565, 65535, 0, 65536, 29500.5, NaN]) {
    assert(!await isAvailable(none), `${none}`);
  }
});
