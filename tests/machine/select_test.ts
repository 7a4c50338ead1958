import { assert, assertEquals, assertRejects } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
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

Deno.test("selectRandom selects a good port", async () => {
  assert(availableGoodPorts().has(await selectRandom()));
});

Deno.test("selectRandom selects from the ports that it is given", async () => {
  const port = await freePort();
  assertEquals(await selectRandom(port), port);
  assertEquals(await selectRandom(`${port}`), port);
  assertEquals(await selectRandom([{ first: port, last: port }]), port);
});

Deno.test("selectRandom leaves out what is in use", async () => {
  const free = await freePort(portSet("10000-19999"));
  const held = await freePort(portSet("20000-32767"));
  using _ = Deno.listen({ hostname: "127.0.0.1", port: held });
  // Each of these would be the held port every other time.
  for (let time = 0; time < 20; time++) {
    assertEquals(await selectRandom([free, held]), free);
  }
});

Deno.test("selectRandom leaves out what it is told to exclude", async () => {
  const free = await freePort(portSet("10000-19999"));
  const excluded = await freePort(portSet("20000-32767"));
  for (const exclude of [excluded, `${excluded}`, new Set([excluded])]) {
    assertEquals(await selectRandom([free, excluded], { exclude }), free);
  }
});

Deno.test("selectRandom does not change the sets that it is given", async () => {
  const ports = portSet(await freePort());
  const exclude = portSet("1-9");
  await selectRandom(ports, { exclude });
  assertEquals(ports.size, 1);
  assertEquals(exclude.size, 9);
});

Deno.test("selectRandom looks at UDP where it is told to", async () => {
  const port = await freePort();
  await using _ = await Holder.of(port, "udp", "127.0.0.1");
  assertEquals(await selectRandom(port), port);
  await noGoodPort(() => selectRandom(port, { udp: true }));
});

Deno.test("where no port is free, selectRandom says so", async () => {
  const port = await freePort();
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  await noGoodPort(() => selectRandom(port));
  await noGoodPort(() => selectRandom([]));
  await noGoodPort(() => selectRandom("9000-9009", { exclude: "1-65535" }));
});

async function noGoodPort(action: () => Promise<number>): Promise<void> {
  const error = await assertRejects(
    action,
    PortForError,
    "cannot select a port",
  );
  assertEquals(error.code, "NO_GOOD_PORT");
}

Deno.test("what are no ports cannot be selected from, nor excluded", async () => {
  for (const bad of ["http", 0, 65536, [80, "x"], { first: 9, last: 8 }]) {
    for (
      const action of [
        () => selectRandom(bad),
        () => selectRandom("9000-9009", { exclude: bad }),
        () => getPort(bad),
      ]
    ) {
      const error = await assertRejects(action, PortForError);
      assertEquals(error.code, "BAD_INPUT");
    }
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
  const port = await freePort();
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
});

Deno.test("getPort without ports gives any good port", async () => {
  assert(availableGoodPorts().has(await getPort()));
  const exclude = availableGoodPorts({ minRangeLength: 500 });
  const port = await getPort(undefined, { exclude });
  assert(availableGoodPorts().has(port) && !exclude.has(port));
});

Deno.test("getPort chooses from a range of several ports as text", async () => {
  const held = await freePort(portSet("10000-32757"));
  using _ = Deno.listen({ hostname: "127.0.0.1", port: held });
  const port = await getPort(`${held}-${held + 10}`);
  assert(held < port && port <= held + 10, `${port}`);
});

Deno.test("a port is available when it is unclaimed and free", async () => {
  // A port at a border is available but not good.
  const port = await freePort(availablePorts());
  assertEquals(await isAvailable(port), true);
  assertEquals(await isAvailable(port, { udp: true }), true);
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  assertEquals(await isAvailable(port), false);
});

Deno.test("a claimed port is not available, though free", async () => {
  // A system port, an assigned one, a well-known one, a dynamic one.
  for (const port of [4, 8080, 25565, 65535]) {
    assertEquals(await isAvailable(port), false);
  }
});

Deno.test("what is no port is not available", async () => {
  for (const port of [0, -1, 65536, 29500.5, NaN, Infinity]) {
    assertEquals(await isAvailable(port), false);
  }
});

Deno.test("a port whose UDP is held is available for TCP alone", async () => {
  const port = await freePort(availablePorts());
  await using _ = await Holder.of(port, "udp", "0.0.0.0");
  assertEquals(await isAvailable(port), true);
  assertEquals(await isAvailable(port, { udp: true }), false);
});
