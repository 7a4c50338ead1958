import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { assertWarned, networkTest as test, Store } from "../support/store.ts";

Deno.test("names get ports, printed in their order, a line each", async () => {
  using store = new Store();
  const [a, b] = await store.ports("a", "b");

  assertNotEquals(a, b);
  assertEquals(await store.print("b", "a", "b"), `${b}\n${a}\n${b}\n`);
  const [c, ...others] = await store.ports("-b", "c", "a", "--bind=b");
  assertEquals(others, [a, b]);
  assertEquals(
    await store.print("--json", "c", "b", "c"),
    `{"c":${c},"b":${b}}\n`,
  );
});

Deno.test("a new store says what it is", async () => {
  using store = new Store();
  const port = await store.print("web");

  assertEquals(
    store.text.replace(/^# .*\n/, ""),
    `version = 1\n\n[ports]\nweb = ${port}`,
  );
});

Deno.test("--port is this very port, with a warning if it is not a good one", async () => {
  using store = new Store();
  const port = await store.print("good");
  await store.print("--unbind", "good");
  assertEquals(await store.print("--port", port.trim(), "other"), port);

  const system = await store.call("--port", "443", "web");
  assertEquals([system.status, system.stdout], [0, "443\n"]);
  assertWarned(system, "443", "system", "assigned");
  // Whoever knows already is not told again.
  assertEquals(await store.print("-p443", "web"), "443\n");
  // Zeros are what a person takes them for.
  const zeros = await store.call("--port=0444", "zeros");
  assertEquals(zeros.stdout, "444\n");
  assertEquals(await store.print("--json", "zeros"), '{"zeros":444}\n');
});

test("--port takes a port in use, with a warning", async (network) => {
  using store = new Store();
  await network.hold({ port: 29500, how: "listening" });
  const outcome = await store.call("-p29500", "web");

  assertEquals([outcome.status, outcome.stdout], [0, "29500\n"]);
  assertWarned(outcome, "29500", "in use");
});

Deno.test("--random chooses by the system's random source", async () => {
  using store = new Store();
  const usual = await store.print("web");
  const random: string[] = [];
  for (let run = 0; run < 3; run++) {
    await store.print("--unbind", "web");
    random.push(await store.print("--random", "web"));
  }

  // Three equal ones out of some ten thousand are no accident.
  assertNotEquals(random, [usual, usual, usual]);
  assertEquals(await store.print("--random", "web"), random[2]);
});

test("--range and --exclude cut the ports that new names get", async () => {
  using store = new Store();
  const two = [
    ...await store.ports("--range", "29600-29601", "a"),
    ...await store.ports("--range=29600-29601", "b"),
  ];
  assertEquals(two.toSorted(), [29600, 29601]);
  assertEquals(
    await store.ports(
      ...["--range", "29602-29609", "--exclude", "29602-29604,29606"],
      ...["--exclude", "29607-29609", "c"],
    ),
    [29605],
  );
  assertEquals(await store.ports("--range", "80-90", "a"), [two[0]!]);

  // Above the ephemeral range of a new network.
  const [dynamic] = await store.ports("--range", "61100-61200", "d");
  assert(61100 <= dynamic! && dynamic! <= 61200, `${dynamic}`);
});

test("--udp passes over a port whose UDP port is in use", async (network) => {
  using store = new Store();
  const [port] = await store.ports("web");
  await store.print("--unbind", "web");
  await network.hold({ port: port!, how: "udp" });

  assertNotEquals(await store.ports("--udp", "web"), [port!]);
  await store.print("--unbind", "web");
  assertEquals(await store.ports("web"), [port!]);
});
