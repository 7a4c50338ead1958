import { assertEquals } from "@std/assert";
import { Store } from "../support/store.ts";

Deno.test("--get prints what names have, and never associates", async () => {
  using store = new Store(
    "[ports]\na = 2001\nb = 2002\nblock = { port = 2010, count = 2 }\n",
  );

  assertEquals(await store.print("--get", "b"), "2002\n");
  assertEquals(
    await store.print("-gb", "--get=block", "-ga"),
    "2002\n2010\n2011\n2001\n",
  );
  assertEquals(await store.print("--get", "b", "--json"), '{"b":2002}\n');
  await store.refuses(["--get", "new"], 1, '"new"', store.storePath);
  await store.refuses(["--get", "a", "--get", "new"], 1, '"new"');
  assertEquals(store.names(), ["ports.toml"]);
});
