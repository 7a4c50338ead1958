import { assertEquals, assertStringIncludes } from "@std/assert";
import { Store } from "../support/store.ts";

Deno.test("--unbind takes away, and says what was not there", async () => {
  using store = new Store("[ports]\na = 2001\nb = 2002\nc = 2003\n");

  assertEquals(await store.print("-u", "a", "--unbind=b"), "");
  const { status, stdout, stderr } = await store.call("-ub", "-uc");
  assertEquals([status, stdout], [0, ""]);
  assertStringIncludes(stderr, '"b"');
  assertEquals(stderr.match(/\n/g)!.length, 1);
  assertEquals(store.text, "[ports]\n");
});

Deno.test("--unbind of nothing creates no store", async () => {
  using store = new Store();
  const { status, stderr } = await store.call("--unbind", "a");

  assertEquals(status, 0);
  assertStringIncludes(stderr, '"a"');
  assertEquals(store.names(), []);
});
