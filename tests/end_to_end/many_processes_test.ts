import { assertEquals } from "@std/assert";
import { Store } from "../support/store.ts";

const MANY = Array.from({ length: 32 }, (_, at) => `worker${at}`);

Deno.test("many processes at once get a port each, all of them stored", async () => {
  using store = new Store();
  const printed = await Promise.all(
    MANY.map((name) => store.print("--wait=60", name)),
  );

  assertEquals(new Set(printed).size, MANY.length);
  const lines = (await store.print("--list")).split(/(?<=\n)/);
  assertEquals(
    lines.toSorted(),
    MANY.map((name, at) => `${name}: ${printed[at]}`).toSorted(),
  );
  assertEquals(store.names(), ["ports.toml", "ports.toml.lock"]);
});

Deno.test("processes that ask for one name at once get one port", async () => {
  using store = new Store();
  const printed = await Promise.all(
    MANY.slice(0, 15).map(() => store.print("--wait=60", "--random", "web")),
  );

  assertEquals(new Set(printed).size, 1);
});

Deno.test("unbinding and associating at once lose nothing", async () => {
  using store = new Store();
  const [old, fresh] = [MANY.slice(0, 12), MANY.slice(12, 24)];
  await store.print(...old);
  await Promise.all([
    ...old.map((name) => store.print("--wait=60", "--unbind", name)),
    ...fresh.map((name) => store.print("--wait=60", name)),
  ]);

  const list = JSON.parse(await store.print("--json", "--list"));
  assertEquals(Object.keys(list).sort(), fresh.toSorted());
});
