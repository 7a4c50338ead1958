import { assertEquals } from "@std/assert";
import { LONG_AGO, Store } from "../support/store.ts";

Deno.test("--list prints the associations in the store's order, JSON too", async () => {
  using store = new Store(`[ports]
z = 2001
2 = { port = 2002 } # names like numbers keep their place
block = { port = 2010, count = 3 }
over = { port = 2020, expires = ${LONG_AGO} }
lease = { port = 2030, expires = 2999-01-01T00:00:00Z }
`);

  const lines = "z: 2001\n2: 2002\nblock: 2010-2012\nlease: 2030\n";
  assertEquals(await store.print("--list"), lines);
  assertEquals(await store.print("-l"), lines);
  assertEquals(
    await store.print("--list", "--json"),
    '{"z":2001,"2":2002,"block":[2010,2011,2012],"lease":2030}\n',
  );
});

Deno.test("a store that does not exist is listed as empty, and is not made", async () => {
  using store = new Store();

  await store.listsNothing();
  assertEquals(await store.print("--list", "--json"), "{}\n");
  assertEquals(store.names(), []);
});
