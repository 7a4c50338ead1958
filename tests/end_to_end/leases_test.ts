import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { StackStore } from "../support/store.ts";

const LONG_AGO = "2020-01-01T00:00:00Z";

/** A store, and when its leases end. */
class Leases extends StackStore {
  /** The moment at which a lease ends, as the store has it. */
  expiry(name: string): Date {
    const entry = new RegExp(`^${name} = \\{.* expires = (\\S+) \\}$`, "m");
    return new Date(entry.exec(this.text())?.[1] ?? "no lease");
  }
}

/** Asserts that a moment is `seconds` after a call, but for the rounding up. */
function assertEndsAfter(expiry: Date, seconds: number, calledAt: number) {
  const lease = (expiry.getTime() - calledAt) / 1000;
  const took = (Date.now() - calledAt) / 1000;
  assert(seconds <= lease && lease <= seconds + took + 1, `${lease} s`);
}

Deno.test("--ttl makes a lease, and the next call with --ttl renews it", async () => {
  using store = new Leases();
  for (
    const [ttl, seconds] of [
      ["90s", 90],
      ["15m", 900],
      ["2h", 7200],
      ["7d", 604_800],
    ] as const
  ) {
    const calledAt = Date.now();
    const port = await store.print([`--ttl=${ttl}`, "worker"]);

    assertEndsAfter(store.expiry("worker"), seconds, calledAt);
    assertEquals(await store.print(["--get", "worker"]), port);
  }
});

Deno.test("a call without --ttl neither renews a lease nor ends it", async () => {
  using store = new Leases();
  const port = await store.print(["--ttl=2h", "worker"]);
  const before = store.text();

  assertEquals(await store.print(["worker"]), port);
  assertEquals(await store.print(["--get", "worker"]), port);
  assertEquals(await store.print(["--list"]), `worker: ${port}`);
  assertEquals(store.text(), before);
});

Deno.test("a lease ends, and its name may have a port for good then", async () => {
  using store = new Leases();
  const port = await store.print(["--ttl=1s", "worker"]);
  assertEquals(await store.print(["--list"]), `worker: ${port}`);
  // The store says when; a timer may fire a little early.
  const end = store.expiry("worker").getTime() + 50;
  await new Promise((resolve) => setTimeout(resolve, end - Date.now()));

  assertEquals(await store.print(["--list"]), "");
  assertEquals((await store.call(["--get", "worker"])).status, 1);
  const again = await store.print(["worker"]);
  assertStringIncludes(store.text(), `worker = ${again}`);
});

Deno.test("a lease that ended is not shown anywhere, but in --status", async () => {
  using store = new Leases();
  store.fill(`[ports]\nold = { port = 2001, expires = ${LONG_AGO} }\n`);
  const before = store.text();

  for (
    const [args, expected] of [
      [["--list"], ""],
      [["--list", "--json"], "{}\n"],
      [["--env"], ""],
    ] as const
  ) {
    assertEquals(await store.print(args), expected);
  }
  const { status, stdout, stderr } = await store.call(["--get", "old"]);
  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, '"old"');
  assertStringIncludes(await store.print(["--status"]), "expired 2020-01-01");
  assertEquals(store.text(), before);
});

Deno.test("the port of a lease that ended is free for others", async () => {
  using store = new Leases();
  const [first] = await store.ports(["worker"]);
  store.fill(`[ports]\nother = { port = ${first}, expires = ${LONG_AGO} }\n`);

  // Nothing keeps the name from the port that it always gets.
  assertEquals(await store.ports(["worker"]), [first!]);
  store.fill(`[ports]\nother = { port = ${first}, expires = ${LONG_AGO} }\n`);
  assertEquals(await store.ports([`--port=${first}`, "new"]), [first!]);
  assertEquals(store.text(), `[ports]\nnew = ${first}\n`);
});

Deno.test("the next write drops every lease that ended, and nothing else", async () => {
  using store = new Leases();
  const kept = "# mine\n[ports]\nweb = 2001 # the shop\n" +
    "far = { port = 2002, expires = 2999-01-01T00:00:00Z }\n";
  for (
    const args of [["new"], ["--unbind", "gone"], ["--ttl=1h", "new"]]
  ) {
    store.fill(
      `${kept}a = { port = 2003, expires = ${LONG_AGO} }\ngone = 2004\n` +
        `b = { port = 2005, count = 9, expires = ${LONG_AGO} }\n`,
    );
    const { status, stderr } = await store.call(args);

    assertEquals([status, stderr], [0, ""]);
    assertEquals(store.text().slice(0, kept.length), kept);
    assertEquals(
      store.text().slice(kept.length).replace(/^new = .*\n/m, ""),
      args[0] === "--unbind" ? "" : "gone = 2004\n",
    );
  }
});

Deno.test("a lease that ended may hold a port that another name has by now", async () => {
  using store = new Leases();
  store.fill(
    `[ports]\nold = { port = 2001, expires = ${LONG_AGO} }\nweb = 2001\n`,
  );

  assertEquals(await store.print(["--list"]), "web: 2001\n");
  await store.print(["new"]);
  assertEquals(store.text().includes("old"), false);
});

Deno.test("a block can be leased", async () => {
  using store = new Leases();
  const calledAt = Date.now();
  const ports = await store.ports(["--count=3", "--ttl=1h", "block"]);

  assertEquals(ports.length, 3);
  assertEndsAfter(store.expiry("block"), 3600, calledAt);
  assertEquals(await store.ports(["--ttl=1h", "block"]), ports);
});

Deno.test("--ttl leaves a name that is associated for good alone, and says so", async () => {
  using store = new Leases();
  store.fill("[ports]\nweb = 2001\n");
  const { status, stdout, stderr } = await store.call(["--ttl=1h", "web"]);

  assertEquals([status, stdout], [0, "2001\n"]);
  assertStringIncludes(stderr, '"web" is associated for good');
  assertEquals(store.text(), "[ports]\nweb = 2001\n");
});

Deno.test("64 workers at once get 64 ports, again and again", async () => {
  using store = new Leases();
  const workers = Array.from({ length: 64 }, (_, at) => `worker${at}`);
  const lease = async (name: string) => {
    const call = ["--ttl=2h", "--wait=60", name];
    const { status, stdout, stderr } = await store.call(call);
    return status === 0 && stderr === "" ? stdout : stderr;
  };
  const first = await Promise.all(workers.map(lease));

  assertEquals(first.filter((port) => !/^\d+\n$/.test(port)), []);
  assertEquals(new Set(first).size, 64);
  // Renewed by all at once, and asked for by 64 others.
  const renewed = workers.slice(0, 16);
  const others = renewed.map((name) => `other-${name}`);
  const second = await Promise.all([...renewed, ...others].map(lease));
  assertEquals(second.slice(0, 16), first.slice(0, 16));
  assertEquals(new Set([...first, ...second]).size, 80);
  const listed = await store.print(["--list"]);
  assertEquals(listed.trimEnd().split("\n").length, 80);
});

Deno.test("workers whose leases have all ended share out the ports anew", async () => {
  using store = new Leases();
  const workers = Array.from({ length: 8 }, (_, at) => `worker${at}`);
  const ports = await store.ports(workers);
  store.fill(
    "[ports]\n" +
      workers.map((_, at) =>
        `old${at} = { port = ${ports[at]}, expires = ${LONG_AGO} }\n`
      ).join(""),
  );
  const again = await Promise.all(
    workers.map((name) => store.ports(["--ttl=2h", "--wait=60", name])),
  );

  assertEquals(again.flat().toSorted(), ports.toSorted());
  assertEquals(store.text().includes("old"), false);
});

Deno.test("one write drops a thousand leases that ended", async () => {
  const leases = Array.from(
    { length: 1000 },
    (_, at) => `old${at} = { port = ${10000 + at}, expires = ${LONG_AGO} }\n`,
  ).join("");
  using store = new Leases();
  store.fill(`[ports]\nweb = 2001\n${leases}db = 2002\n`);
  const [port] = await store.ports(["new"]);

  assertEquals(store.text(), `[ports]\nweb = 2001\ndb = 2002\nnew = ${port}\n`);
});

Deno.test("a bad duration is status 2, and names the option and the value", async () => {
  using store = new Leases();
  for (
    const ttl of [
      ...["0s", "1.5h", "-1h", "2w", "", "99999999999d", "1", "h", "1H"],
      ...["1h30m", " 1h", "1h ", "36601d"],
    ]
  ) {
    const { status, stdout, stderr } = await store.call([
      `--ttl=${ttl}`,
      "worker",
    ]);

    assertEquals([status, stdout], [2, ""], ttl);
    assertStringIncludes(stderr, `--ttl ${JSON.stringify(ttl)}`);
  }
  const { status } = await store.call(["--ttl", "-1h", "worker"]);
  assertEquals(status, 2);
  assertEquals(store.names(), []);
});

Deno.test("--ttl means nothing where nothing is associated", async () => {
  using store = new Leases();
  for (const args of [["--list"], ["--get=x"], ["--unbind=x"], ["--prune"]]) {
    const { status, stderr } = await store.call(["--ttl=1h", ...args]);

    assertEquals(status, 2);
    assertStringIncludes(stderr, "--ttl");
  }
});
