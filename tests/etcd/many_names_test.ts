/**
 * A store with a hundred thousand names.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { FleetStore } from "../../main.ts";
import { Between } from "../support/between.ts";
import { Etcd, hasEtcd } from "../support/etcd.ts";

const MANY = 100_000;

/** Writes names right into etcd: more than there are ports. */
async function fill(endpoint: string, prefix: string): Promise<void> {
  const names = Array.from({ length: MANY }, (_, at) => `n${at}`);
  const requests: string[] = [];
  for (let at = 0; at < MANY; at += 125) {
    const success = names.slice(at, at + 125).map((name, index) => ({
      requestPut: {
        key: btoa(`${prefix}/v1/name/${name}`),
        value: btoa(`{"port":${1024 + (at + index) % 60_000}}`),
      },
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
    await fill(etcd.endpoint, "/many");
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
