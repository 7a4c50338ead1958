import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LONG_AGO, networkTest as test, Store } from "../support/store.ts";

/** The moment at which a lease ends, as the store has it. */
function expiry(store: Store, name: string): Date {
  const entry = new RegExp(`^${name} = \\{.* expires = (\\S+) \\}$`, "m");
  return new Date(entry.exec(store.text)?.[1] ?? "no lease");
}

Deno.test("--ttl makes a lease, and only the next call with --ttl renews it", async () => {
  using store = new Store();
  let port: string | undefined;
  for (
    const [ttl, seconds] of [
      ["90s", 90],
      ["15m", 900],
      ["2h", 7200],
      ["7d", 604_800],
    ] as const
  ) {
    const calledAt = Date.now();
    port ??= await store.print(`--ttl=${ttl}`, "worker");
    assertEquals(await store.print(`--ttl=${ttl}`, "worker"), port);

    // In whole seconds, rounded up.
    const lease = (expiry(store, "worker").getTime() - calledAt) / 1000;
    const took = (Date.now() - calledAt) / 1000;
    assert(seconds <= lease && lease <= seconds + took + 1, `${lease} s`);
  }
  const before = store.text;
  for (const args of [["worker"], ["--get", "worker"]]) {
    assertEquals(await store.print(...args), port);
  }
  assertEquals(await store.print("--list"), `worker: ${port}`);
  assertEquals(store.text, before);
});

Deno.test("a lease that ended is not shown anywhere, but in --status", async () => {
  const text = `[ports]\nold = { port = 2001, expires = ${LONG_AGO} }\n`;
  using store = new Store(text);

  await store.listsNothing();
  assertEquals(await store.print("--env"), "");
  await store.refuses(["--get", "old"], 1, '"old"');
  assertStringIncludes(await store.print("--status"), "expired 2020-01-01");
  assertEquals(store.text, text);

  const port = await store.print("old");
  assertEquals(store.text, `[ports]\nold = ${port}`);
});

test("the port of a lease that ended is free for others", async () => {
  using first = new Store();
  const [port] = await first.ports("worker");
  const ended = `[ports]\nother = { port = ${port}, expires = ${LONG_AGO} }\n`;
  // Nothing keeps the name from the port that it always gets.
  for (const args of [["worker"], [`--port=${port}`, "new"]]) {
    using store = new Store(ended);
    assertEquals(await store.ports(...args), [port!]);
    assertEquals(store.text, `[ports]\n${args.at(-1)} = ${port}\n`);
  }
});

Deno.test("every write drops each lease that ended, and nothing else", async () => {
  const kept = "# mine\n[ports]\nweb = 2001 # the shop\n" +
    "far = { port = 2002, expires = 2999-01-01T00:00:00Z }\n";
  const leases = Array.from(
    { length: 500 },
    (_, at) => `old${at} = { port = ${10000 + at}, expires = ${LONG_AGO} }\n`,
  );
  for (const args of [["new"], ["--unbind", "gone"], ["--ttl=1h", "new"]]) {
    using store = new Store(
      // An ended lease may hold a port that another name has by now.
      `${kept}a = { port = 2001, expires = ${LONG_AGO} }\ngone = 2004\n` +
        `b = { port = 2005, count = 9, expires = ${LONG_AGO} }\n` +
        leases.join(""),
    );
    await store.print(...args);

    assertEquals(
      store.text.replace(/^new = .*\n/m, ""),
      kept + (args.includes("gone") ? "" : "gone = 2004\n"),
    );
  }
});

Deno.test("a block can be leased", async () => {
  using store = new Store();
  const ports = await store.ports("--count=3", "--ttl=1h", "block");

  assertEquals(ports.length, 3);
  assert(expiry(store, "block").getTime() > Date.now());
  assertEquals(await store.ports("--ttl=1h", "block"), ports);
});

Deno.test("--ttl leaves a name that has its port for good alone, and says so", async () => {
  using store = new Store("[ports]\nweb = 2001\n");
  const { status, stdout, stderr } = await store.call("--ttl=1h", "web");

  assertEquals([status, stdout], [0, "2001\n"]);
  assertStringIncludes(stderr, '"web"');
  assertEquals(store.text, "[ports]\nweb = 2001\n");
});

Deno.test("a bad duration, or one for nothing, names --ttl", async () => {
  using store = new Store();
  // What a duration is, the tests of its own say.
  for (const ttl of ["0s", "1.5h", "", "1"]) {
    const named = `--ttl ${JSON.stringify(ttl)}`;
    await store.refuses([`--ttl=${ttl}`, "worker"], 2, named);
  }
  for (const args of [["--list"], ["--get=x"], ["--unbind=x"], ["--prune"]]) {
    await store.refuses(["--ttl=1h", ...args], 2, "--ttl");
  }
  assertEquals(store.names(), []);
});

test("workers at once get a port each, and share out those of ended leases", async () => {
  using store = new Store();
  const workers = Array.from({ length: 16 }, (_, at) => `worker${at}`);
  const lease = async (name: string) =>
    (await store.ports("--ttl=2h", "--wait=60", name))[0]!;
  const first = await Promise.all(workers.map(lease));
  assertEquals(new Set(first).size, 16);

  // Renewed by some at once, and asked for by others.
  const others = workers.slice(0, 8).map((name) => `other-${name}`);
  const second = await Promise.all(
    [...workers.slice(0, 8), ...others].map(lease),
  );
  assertEquals(second.slice(0, 8), first.slice(0, 8));
  assertEquals(new Set([...first, ...second]).size, 24);

  store.text = store.text.replaceAll(/expires = \d+/g, "expires = 2020");
  const again = await Promise.all(workers.map(lease));
  assertEquals(again.toSorted(), first.toSorted());
  assertEquals(store.text.includes("other"), false);
});
