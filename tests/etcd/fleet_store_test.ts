/**
 * A store in a real etcd, by way of the library.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type FleetStore, PortForError } from "../../main.ts";
import { Etcd, hasEtcd } from "../support/etcd.ts";

/** One member for all tests of this file; each has a prefix of its own. */
const etcd = hasEtcd ? await Etcd.start() : undefined;
Deno.test.afterAll(async () => await etcd?.[Symbol.asyncDispose]());

let prefixes = 0;

/** A test with a store of its own in that etcd. */
function etcdTest(
  name: string,
  fn: (store: FleetStore, prefix: string, etcd: Etcd) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !etcd,
    fn: async () => {
      const prefix = `/test${++prefixes}`;
      await fn(etcd!.store(prefix), prefix, etcd!);
    },
  });
}

/** The keys of a store, those of its fence left out. */
async function keysOf(etcd: Etcd, prefix: string): Promise<string[]> {
  const keys = await etcd.keys(`${prefix}/`);
  return keys.map(({ key }) => key.slice(prefix.length))
    .filter((key) => !key.startsWith("/v1/gen/"));
}

async function assertRefused(
  promise: Promise<unknown>,
  code: string,
  text: string,
): Promise<void> {
  const error = await assertRejects(() => promise, PortForError, text);
  assertEquals(error.code, code, error.message);
}

etcdTest(
  "a name gets a port, keeps it, and gives it up",
  async (store, prefix, etcd) => {
    const port = await store.associate("web");
    assertEquals(await store.associate("web"), port);
    assertEquals(await etcd.store(prefix).get("web"), {
      ...{ name: "web", port, count: 1 },
    });
    assertEquals(await keysOf(etcd, prefix), [
      "/v1/name/web",
      `/v1/port/${port}`,
    ]);
    assertEquals(await store.release(["web", "none"]), ["none"]);
    assertEquals(await store.get("web"), undefined);
    assertEquals(await keysOf(etcd, prefix), []);
  },
);

etcdTest(
  "no two names share a port, whoever asks and whatever they are",
  async (store, prefix, etcd) => {
    const names = ["a/b", "a%2Fb", "a%b", "ä", "日本", "x y", "a", '"', "%"];
    const own = await store.associate(names);
    // Twelve clients at once, each with names of its own and the same ones.
    const all = await Promise.all(
      Array.from(
        { length: 12 },
        (_, at) =>
          etcd.store(prefix).associate([`own${at}`, "shared", ...names]),
      ),
    );
    for (const ports of all) {
      assertEquals(ports.slice(2), own);
    }
    assertEquals(new Set(all.map((ports) => ports[1])).size, 1);
    const list = await store.list();
    assertEquals(list.length, names.length + 12 + 1);
    assertEquals(new Set(list.map(({ port }) => port)).size, list.length);
    assertEquals((await store.check()).problems, []);
  },
);

etcdTest(
  "a block is one run of ports, and at most a hundred",
  async (store, prefix, etcd) => {
    const [block] = await store.ensure(["workers"], { count: 100 });
    assertEquals(block!.count, 100);
    assertEquals((await keysOf(etcd, prefix)).length, 101);
    await assertRefused(
      store.associate("more", { count: 101 + 30 }),
      "BAD_INPUT",
      "at most 100 ports",
    );
    // One port in the middle of a block is as taken as its first.
    await assertRefused(
      store.associate("inside", { port: block!.port + 50 }),
      "PORT_TAKEN",
      '"workers"',
    );
    await assertRefused(
      store.associate("around", { port: block!.port - 3, count: 5 }),
      "PORT_TAKEN",
      '"workers"',
    );
    await store.release("workers");
    assertEquals(await keysOf(etcd, prefix), []);
  },
);

etcdTest(
  "a lease ends all keys of its name, and renewals leave none behind",
  async (store, prefix, etcd) => {
    const leases = async () =>
      (await etcd.ctl("lease", "list")).trim().split("\n").slice(1).length;
    const before = await leases();
    const port = await store.associate("job", { ttl: 5 });
    for (let renewal = 0; renewal < 3; renewal++) {
      assertEquals(await store.associate("job", { ttl: 5 }), port);
    }
    const keys = (await etcd.keys(`${prefix}/v1/`))
      .filter(({ key }) => !key.includes("/gen/"));
    assertEquals(new Set(keys.map(({ lease }) => lease)).size, 1);
    assert(keys[0]!.lease !== "0");
    assertEquals(await leases(), before + 1);
    await assertRefused(
      store.associate("short", { ttl: 4 }),
      "BAD_INPUT",
      "the shortest that it keeps is 5 s",
    );
    await store.release("job");
    assertEquals(await leases(), before);
    await store.associate("short", { ttl: 5 });
    // Nobody renews it: etcd ends it, names and ports at once.
    for (const end = Date.now() + 12_000; Date.now() < end;) {
      if ((await keysOf(etcd, prefix)).length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assertEquals(await keysOf(etcd, prefix), []);
  },
);

etcdTest(
  "the fleet's policy counts, and is read anew",
  async (store, prefix, etcd) => {
    const policy = `${prefix}/v1/policy`;
    await etcd.ctl(
      "put",
      policy,
      '{"range":"20000-20999","exclude":["20000-20400"]}',
    );
    const ports = await store.associate(["a", "b", "c", "d"]);
    assert(ports.every((port) => port > 20400 && port < 21000), `${ports}`);
    await etcd.ctl("put", policy, '{"range":"nonsense"}');
    await assertRefused(store.associate("e"), "STORE_INVALID", policy);
    // Who has a port is still told.
    assertEquals((await store.get("a"))!.port, ports[0]);
  },
);

etcdTest(
  "what somebody else wrote is reported, and never overwritten",
  async (store, prefix, etcd) => {
    const key = `${prefix}/v1/name/odd`;
    await store.associate("even");
    for (
      const value of ["26855", "{}", '{"port":70000}', "[1]", '{"port":"1"}']
    ) {
      await etcd.ctl("put", key, value);
      await assertRefused(store.get("odd"), "STORE_INVALID", key);
      await assertRefused(store.associate("odd"), "STORE_INVALID", key);
      await assertRefused(store.release("odd"), "STORE_INVALID", key);
      const problems: string[] = [];
      const list = await store.list({ onProblem: (why) => problems.push(why) });
      assertEquals(list.map(({ name }) => name), ["even"]);
      assertEquals(problems.length, 1, problems.join());
      assertEquals((await etcd.keys(key))[0]!.value, value);
    }
  },
);

etcdTest(
  "a lease with somebody else's keys on it is not revoked",
  async (store, prefix, etcd) => {
    await store.associate("job", { ttl: 60 });
    const [{ lease } = { lease: "" }] = await etcd.keys(
      `${prefix}/v1/name/job`,
    );
    const id = BigInt(lease).toString(16);
    await etcd.ctl("put", `--lease=${id}`, `${prefix}-other`, "precious");
    await store.associate("job", { ttl: 60 });
    await store.release("job");
    assertEquals((await etcd.keys(`${prefix}-other`)).length, 1);
  },
);

etcdTest(
  "what it does not know of an entry stays",
  async (store, prefix, etcd) => {
    await store.associate("job", { ttl: 60 });
    const key = `${prefix}/v1/name/job`;
    const [{ value, lease } = { value: "", lease: "" }] = await etcd.keys(key);
    const noted = JSON.stringify({ ...JSON.parse(value), note: "ask Ops" });
    const id = BigInt(lease).toString(16);
    await etcd.ctl("put", `--lease=${id}`, key, noted);
    await store.associate("job", { ttl: 60 });
    assertEquals(JSON.parse((await etcd.keys(key))[0]!.value).note, "ask Ops");
  },
);

etcdTest(
  "orphaned keys are found, and mended with what is there",
  async (store, prefix, etcd) => {
    const [a = 0, b = 0] = await store.associate(["a", "b"]);
    await etcd.ctl("put", `${prefix}/v1/port/20001`, "nobody");
    await etcd.ctl("del", `${prefix}/v1/port/${a}`);
    await etcd.ctl("put", `${prefix}/v1/port/${b}`, "stranger");
    const { problems } = await store.check();
    assertEquals(problems.length, 3, problems.join("\n"));
    // A port whose note is another's is not given up by accident.
    await assertRefused(store.release("b"), "STORE_INVALID", "--check --fix");
    assertEquals((await store.check(true)).mended.length, 3);
    assertEquals(await store.check(), { problems: [], mended: [] });
    const left = await etcd.keys(`${prefix}/v1/port/`);
    assertEquals(
      new Map(left.map(({ key, value }) => [Number(key.slice(-5)), value])),
      new Map([[a, "a"], [b, "b"]].sort() as [number, string][]),
    );
    // Two names with one port: nobody knows which of them has it.
    await etcd.ctl("put", `${prefix}/v1/name/c`, `{"port":${a}}`);
    const twice = await store.check(true);
    assertEquals([twice.problems.length, twice.mended.length], [1, 0]);
  },
);

etcdTest(
  "thousands of names are taken over, or none of them",
  async (store) => {
    const many = Array.from({ length: 1500 }, (_, at) => ({
      ...{ name: `app${at}`, port: 2000 + at, count: 1 },
    }));
    await store.associate("mine", { port: 2700 });
    await assertRefused(store.adopt(many), "PORT_TAKEN", '"app700"');
    assertEquals((await store.list()).length, 1);
    await store.release("mine");
    assertEquals((await store.adopt(many)).length, 1500);
    assertEquals((await store.list()).length, 1500);
    assertEquals(await store.adopt(many), []);
  },
);

etcdTest(
  "too many new names for one transaction are refused whole",
  async (store) => {
    const names = Array.from({ length: 100 }, (_, at) => `n${at}`);
    await assertRefused(store.associate(names), "BAD_INPUT", "operations");
    assertEquals(await store.list(), []);
    for (const at of [0, 25, 50, 75]) {
      await store.associate(names.slice(at, at + 25));
    }
    assertEquals((await store.associate(names)).length, 100);
    // However many have one already, a new one is a small change.
    assertEquals((await store.associate([...names, "new"])).length, 101);
  },
);
