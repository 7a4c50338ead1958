/**
 * A store with a hundred thousand names.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { candidatesFor } from "../../lib/ports/candidates.ts";
import { availableGoodPorts, FleetStore } from "../../main.ts";
import { Between } from "../support/between.ts";
import { Etcd, hasEtcd } from "../support/etcd.ts";

const MANY = 100_000;

/** Writes keys right into etcd. */
async function fill(
  endpoint: string,
  entries: readonly (readonly [key: string, value: string])[],
): Promise<void> {
  const requests: string[] = [];
  for (let at = 0; at < entries.length; at += 125) {
    const success = entries.slice(at, at + 125).map(([key, value]) => ({
      requestPut: { key: btoa(key), value: btoa(value) },
    }));
    requests.push(JSON.stringify({ success }));
  }
  const worker = async () => {
    for (;;) {
      const body = requests.pop();
      if (body === undefined) return;
      const url = `http://${endpoint}/v3/kv/txn`;
      const answer = await fetch(url, { method: "POST", body });
      assert((await answer.text()).includes('"succeeded":true'));
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

Deno.test({
  name: "a new name asks for as little of 100,000 names as of none, and a " +
    "list comes in pages",
  ignore: !hasEtcd,
  fn: async () => {
    await using etcd = await Etcd.start();
    await using between = new Between(etcd.endpoint);
    const sizes: number[] = [];
    between.handle = async (passing) => {
      const answer = await passing.pass();
      sizes.push((await answer.clone().text()).length);
      return answer;
    };
    const address = `etcd://${between.endpoint}/many`;
    const store = new FleetStore(address);
    const cost = async (name: string) => {
      sizes.length = 0;
      await store.associate(name);
      return sizes.length;
    };
    const alone = await cost("one");
    // More than there are ports: it is the names that count.
    await fill(
      etcd.endpoint,
      Array.from({ length: MANY }, (_, at) => [
        `/many/v1/name/n${at}`,
        `{"port":${1024 + at % 60_000}}`,
      ]),
    );
    assertEquals(await cost("two"), alone);
    assert(Math.max(...sizes) < 2000, `${sizes}`);
    sizes.length = 0;
    assertEquals((await store.list()).length, MANY + 2);
    assert(Math.max(...sizes) < 1_000_000, `${Math.max(...sizes)}`);
    // What has changed since the list began is not half in it.
    let isFirst = true;
    between.handle = async (passing) => {
      const answer = await passing.pass();
      if (passing.path === "/v3/kv/range" && isFirst) {
        isFirst = false;
        await etcd.store("/many").release("two");
        await etcd.store("/many").associate("zzz");
      }
      return answer;
    };
    const names = (await store.list()).map(({ name }) => name);
    assertEquals([names.includes("two"), names.includes("zzz")], [true, false]);
  },
});

Deno.test({
  name: "trips stay few where the first 10,000 candidates are taken",
  ignore: !hasEtcd,
  fn: async () => {
    await using etcd = await Etcd.start();
    await using between = new Between(etcd.endpoint);
    const taken = candidatesFor("web", availableGoodPorts()).take(10_000);
    await fill(
      etcd.endpoint,
      [...taken].map((port) => [
        `/full/v1/port/${`${port}`.padStart(5, "0")}`,
        `n${port}`,
      ]),
    );
    const store = new FleetStore(`etcd://${between.endpoint}/full`);
    assert(await store.associate("web") > 0);
    // Windows grow to a thousand candidates: there are few of them.
    assert(between.requests.length <= 20, `${between.requests.length}`);
  },
});
