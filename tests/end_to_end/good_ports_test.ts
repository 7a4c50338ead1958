import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ASSIGNED, WELL_KNOWN } from "../../data/ranges.ts";
import { Network } from "../support/network.ts";
import { assertRefused, networkTest as test, Store } from "../support/store.ts";

const RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range";

/** What nobody claims, worked out from the data without the program's code. */
function availablePorts(): boolean[] {
  const available = Array.from(
    { length: 65536 },
    (_, port) => port >= 1024 && port <= 49151,
  );
  const taken = [ASSIGNED, WELL_KNOWN].flatMap((list) => list.match(/\S+/g)!);
  // That is what a new network hands out.
  for (const text of [...taken, "32768-60999"]) {
    const [first, last = first] = text.split("-").map(Number);
    available.fill(false, first, last! + 1);
  }
  return available;
}

/** Whether a port lies deep enough in a long enough run of available ports. */
function isGood(port: number, available: readonly boolean[]): boolean {
  let first = port;
  let last = port;
  while (available[first - 1]) first--;
  while (available[last + 1]) last++;
  return available[port] === true && port - first >= 3 && last - port >= 3 &&
    last - first + 1 >= 26;
}

const NAMES = Array.from({ length: 200 }, (_, at) => `site${at}.example/api`);

test("two hundred names get two hundred good ports, and keep them", async () => {
  using store = new Store();
  // In one call and in calls of their own.
  const ports = await store.ports(...NAMES.slice(0, 195));
  for (const name of NAMES.slice(195)) ports.push(...await store.ports(name));

  assertEquals(new Set(ports).size, 200);
  const available = availablePorts();
  assertEquals(ports.filter((port) => !isGood(port, available)), []);
  assertEquals(await store.ports(...NAMES), ports);

  // Another store gives them the same, but where two want one port.
  using other = new Store();
  const backwards = (await other.ports(...NAMES.toReversed())).toReversed();
  const same = backwards.filter((port, at) => port === ports[at]);
  assert(same.length >= 190, `only ${same.length} are the same`);
});

test("a port that somebody listens on is passed over", async (network) => {
  using one = new Store();
  const [wanted] = await one.ports("x");
  await network.hold({ port: wanted!, how: "listening" });
  using other = new Store();

  assertNotEquals(await other.ports("x"), [wanted!]);
});

/** A store where the ephemeral range is another. */
async function withEphemeralRange(
  range: string,
  fn: (store: Store) => Promise<void>,
): Promise<void> {
  await using network = await Network.of(`echo ${range} > ${RANGE_FILE}`);
  using store = new Store();
  store.network = network;
  await fn(store);
}

test("ports are outside of the ephemeral range that the kernel has now", async () => {
  await withEphemeralRange("10000 65535", async (store) => {
    const [port] = await store.ports("x");
    assert(1024 <= port! && port! < 10000, `${port} is not below 10000`);
  });
  await withEphemeralRange("32768 60000", async (store) => {
    const args = ["--range", "32768-32800", "x"];
    await store.refuses(args, 2, "--range 32768-32800", "32768-60000");
  });
});

test("where the ephemeral range takes every port, the refusal counts them", async () => {
  await withEphemeralRange("1024 65535", async (store) => {
    const outcome = await store.call("x");
    assertRefused(outcome, 1, '"x"', `1024-65535 (${RANGE_FILE})`);
    // Every port is counted once, under one reason.
    const counts = [...outcome.stderr.matchAll(/ (\d+) (?=[a-z])/g)]
      .map(([, count]) => Number(count));
    assertEquals(counts.reduce((a, b) => a + b), 49151 - 1024 + 1);
    assert(!store.names().includes("ports.toml"));
  });
});
