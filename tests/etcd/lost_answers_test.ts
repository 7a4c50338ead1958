/**
 * Requests that are lost, late, or answered by something else: what is sent
 * passes a place where the test decides what becomes of it.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FleetStore, PortForError } from "../../main.ts";
import {
  Between,
  isChange,
  isGivingUp,
  LOST,
  type Passing,
} from "../support/between.ts";
import { Etcd, hasEtcd } from "../support/etcd.ts";

const etcd = hasEtcd ? await Etcd.start() : undefined;
Deno.test.afterAll(async () => await etcd?.[Symbol.asyncDispose]());

/** A store by way of something in between, and the same store directly. */
interface Stores {
  readonly between: Between;
  readonly store: FleetStore;
  readonly direct: FleetStore;
  readonly prefix: string;
}

let prefixes = 0;

function lostTest(name: string, fn: (stores: Stores) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !etcd,
    fn: async () => {
      await using between = new Between(etcd!.endpoint);
      const prefix = `/lost${++prefixes}`;
      const address = `etcd://${between.endpoint}${prefix}`;
      const store = new FleetStore(address, { wait: 3 });
      await fn({ between, store, direct: etcd!.store(prefix), prefix });
    },
  });
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, PortForError)).message;
}

/** Does something at the first request of a kind, and only there. */
function once(
  is: (passing: Passing) => boolean,
  act: (passing: Passing) => Promise<Response | typeof LOST>,
): Between["handle"] {
  let isDone = false;
  return (passing) => {
    if (isDone || !is(passing)) return passing.pass();
    isDone = true;
    return act(passing);
  };
}

lostTest(
  "what is sent is what etcd understands, byte for byte",
  async ({ between, store, prefix }) => {
    await store.associate("w/b", { port: 20500 });
    const base64 = (text: string) => btoa(text);
    const key = (rest: string) => base64(`${prefix}/v1/${rest}`);
    assertEquals(between.requests.length, 3);
    const [read, , give] = between.requests.map(({ body }) => JSON.parse(body));
    const gen = give.compare[2].key;
    assert(atob(gen).startsWith(`${prefix}/v1/gen/`));
    const reads = [key("policy"), key("name/w%2Fb"), gen]
      .map((key) => ({ requestRange: { key } }));
    assertEquals(read, { success: reads });
    const [name, port, fence] = give.success;
    assertEquals(Object.keys(give), ["compare", "success", "failure"]);
    assertEquals(give.compare, [
      {
        ...{ target: "CREATE", key: key("name/w%2Fb"), result: "EQUAL" },
        createRevision: "0",
      },
      {
        ...{
          target: "CREATE",
          key: key("port/20500"),
          rangeEnd: key("port/20501"),
        },
        ...{ result: "EQUAL", createRevision: "0" },
      },
      { target: "MOD", key: gen, result: "EQUAL", modRevision: "0" },
      {
        ...{ target: "MOD", key: key("policy"), result: "EQUAL" },
        modRevision: "0",
      },
    ]);
    assertEquals(give.failure, reads);
    const { value: json, ...put } = name.requestPut;
    assertEquals(put, { key: key("name/w%2Fb"), lease: "0" });
    const { op, by: _, ...says } = JSON.parse(atob(json));
    assertEquals(says, { port: 20500, count: 1 });
    assertEquals(port, {
      requestPut: { key: key("port/20500"), value: base64("w/b"), lease: "0" },
    });
    assertEquals(fence, {
      requestPut: { key: gen, value: base64(op), lease: "0" },
    });

    await store.release("w/b");
    assertEquals(between.requests.length, 5);
    const giveUp = JSON.parse(between.requests[4]!.body);
    assertEquals(giveUp.success, [
      { requestDeleteRange: { key: key("name/w%2Fb") } },
      {
        requestDeleteRange: {
          ...{ key: key("port/20500"), rangeEnd: key("port/20501") },
        },
      },
    ]);
    assertEquals(
      giveUp.compare.map(({ target }: { target: string }) => target),
      ["MOD", "VALUE"],
    );
  },
);

lostTest(
  "a lookup is one request, a new name three",
  async ({ between, store, direct }) => {
    await direct.associate("web");
    await store.associate("web");
    assertEquals(between.requests.length, 1);
    await store.associate("new");
    // One to see that it is new, one for its candidates, one to give it.
    assertEquals(between.requests.length, 4);
  },
);

lostTest(
  "a name whose answer was lost is given once",
  async ({ between, store, direct }) => {
    between.handle = once(isChange, async (passing) => {
      await passing.pass();
      return LOST;
    });
    const port = await store.associate("web");
    assertEquals(await direct.get("web"), { name: "web", port, count: 1 });
    between.handle = once(isChange, async (passing) => {
      await passing.pass();
      return LOST;
    });
    // A lease, too, and none is left over.
    const leases = async () => (await etcd!.ctl("lease", "list")).trim();
    await store.associate("job", { ttl: 30 });
    assertEquals((await direct.check()).problems, []);
    await direct.release("job");
    assertEquals(await leases(), "found 0 leases");
    // What was taken away did have a port.
    between.handle = once(isGivingUp, async (passing) => {
      await passing.pass();
      return LOST;
    });
    assertEquals(await store.release("web"), []);
    assertEquals(await direct.list(), []);
  },
);

lostTest(
  "a grant of a lease whose answer was lost leaves no other",
  async ({ between, store, direct }) => {
    const isGrant = ({ path }: Passing) => path === "/v3/lease/grant";
    between.handle = once(isGrant, async (passing) => {
      await passing.pass();
      return LOST;
    });
    await store.associate("job", { ttl: 30 });
    assertEquals(
      (await etcd!.ctl("lease", "list")).split("\n")[0],
      "found 1 leases",
    );
    await direct.release("job");
    assertEquals((await etcd!.ctl("lease", "list")).trim(), "found 0 leases");
  },
);

lostTest(
  "giving up leaves alone what another was given since",
  async ({ between, store, direct }) => {
    const first = await direct.associate("web");
    let second = 0;
    between.handle = once(isGivingUp, async (passing) => {
      await passing.pass();
      second = await direct.associate("web", { port: 20600 });
      return LOST;
    });
    assertEquals(await store.release("web"), []);
    assert(second !== first);
    assertEquals((await direct.get("web"))!.port, second);
  },
);

lostTest(
  "one call gives a name one time, be it given up before it knows",
  async ({ between, store, direct }) => {
    let given = 0;
    between.handle = once(isChange, async (passing) => {
      await passing.pass();
      given = (await direct.get("web"))!.port;
      await direct.release("web");
      return LOST;
    });
    assertEquals(await store.associate("web"), given);
    assertEquals(await direct.get("web"), undefined);
  },
);

lostTest(
  "a late copy of a request does nothing",
  async ({ between, store, direct }) => {
    let late: Passing | undefined;
    const keep = (passing: Passing) => {
      late = passing;
      return Promise.resolve(LOST as typeof LOST);
    };
    // Of a giving, after the name was given up.
    between.handle = once(isChange, keep);
    await store.associate("web");
    await direct.release("web");
    await late!.pass();
    assertEquals(await direct.list(), []);
    // Of a giving up, after the name was given anew.
    await direct.associate("web");
    between.handle = once(isGivingUp, keep);
    await store.release("web");
    const port = await direct.associate("web", { port: 20601 });
    await late!.pass();
    assertEquals((await direct.get("web"))!.port, port);
    // Of a renewal, after the name was given up.
    await direct.associate("job", { ttl: 30 });
    between.handle = once(isChange, keep);
    await store.associate("job", { ttl: 60 });
    await direct.release("job");
    await late!.pass();
    assertEquals(await direct.get("job"), undefined);
    assertEquals((await direct.check()).problems, []);
    assertEquals((await etcd!.ctl("lease", "list")).trim(), "found 0 leases");
  },
);

lostTest(
  "an outcome that cannot be known is said to be so",
  async ({ between, store, direct }) => {
    between.handle = async (passing) => {
      if (!isChange(passing)) return await passing.pass();
      await passing.pass();
      return LOST;
    };
    const message = await failure(store.associate("web"));
    assert(/^cannot tell whether .* was changed/.test(message), message);
    assert(await direct.get("web"));
    between.handle = (passing) => passing.pass();
    await store.associate("web");
  },
);

lostTest(
  "somebody who was quicker is seen",
  async ({ between, store, direct }) => {
    // Another name takes the very port, or another the very name, just before.
    let taken = 0;
    between.handle = once(isChange, async (passing) => {
      const ports = JSON.parse(passing.body).success
        .map(({ requestPut }: { requestPut: { key: string } }) =>
          /port\/(\d+)$/.exec(atob(requestPut.key))?.[1]
        ).filter(Boolean);
      taken = Number(ports[0]);
      await direct.associate("other", { port: taken });
      return await passing.pass();
    });
    const port = await store.associate("web");
    assert(port !== taken);
    let given = 0;
    between.handle = once(isChange, async (passing) => {
      given = await direct.associate("same");
      return await passing.pass();
    });
    assertEquals(await store.associate("same"), given);
    // A policy that has just changed counts.
    between.handle = once(isChange, async (passing) => {
      const { address } = direct;
      const prefix = address.slice(address.lastIndexOf("/"));
      await etcd!.ctl("put", `${prefix}/v1/policy`, '{"range":"20700-20799"}');
      return await passing.pass();
    });
    const inPolicy = await store.associate("late");
    assert(inPolicy >= 20700 && inPolicy <= 20799, `${inPolicy}`);
  },
);

lostTest(
  "no answer is believed that is not the cluster's",
  async ({ between, store, direct }) => {
    const port = await direct.associate("web");
    const { cluster_id } = JSON.parse(
      await (await fetch(`http://${etcd!.endpoint}/v3/kv/range`, {
        ...{ method: "POST", body: '{"key":"YQ=="}' },
      })).text(),
    ).header;
    const header = { cluster_id, revision: "1" };
    const odd = (body: unknown, status = 200, more = {}) => () =>
      Promise.resolve(
        new Response(
          typeof body === "string" ? body : JSON.stringify(body),
          { status, ...more },
        ),
      );
    const before = await etcd!.keys(`/`);
    for (
      const handle of [
        odd("{}"),
        odd("[]"),
        odd("not JSON"),
        odd({ responses: [] }),
        odd({ header: { cluster_id: 5 } }),
        odd({ header, succeeded: true }),
        odd({ header, succeeded: true }),
        odd({ header, responses: 5 }),
        odd({ header, responses: [{ response_range: { kvs: [5] } }] }),
        odd({ header, responses: [{ response_range: { kvs: [{ key: 5 }] } }] }),
        odd("x".repeat(20_000_000)),
        odd("moved", 302, { headers: { location: "http://127.0.0.1:1/" } }),
        odd("", 404),
        odd({ code: 14, message: "etcdserver: no leader" }, 503),
        odd({ code: 8, message: "etcdserver: too many requests" }, 429),
      ]
    ) {
      between.handle = handle;
      const fresh = new FleetStore(store.address, { wait: 0.4 });
      const message = await failure(fresh.associate("other"));
      assert(message.startsWith("cannot "), message);
    }
    assertEquals(await etcd!.keys(`/`), before);
    between.handle = (passing) => passing.pass();
    assertEquals(await store.associate("web"), port);
  },
);

Deno.test({
  name: "members of two clusters end the call",
  ignore: !etcd,
  fn: async () => {
    await using other = await Etcd.start();
    await using between = new Between(etcd!.endpoint);
    const address = `etcd://${between.endpoint},${other.endpoint}/two`;
    const store = new FleetStore(address, { wait: 2 });
    between.handle = once(isChange, () => Promise.resolve(LOST as typeof LOST));
    const message = await failure(store.associate("web"));
    assert(message.includes("members of one cluster"), message);
    assertEquals(await other.keys("/two"), []);
  },
});
