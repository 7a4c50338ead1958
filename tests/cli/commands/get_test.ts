import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { calledOn } from "../called.ts";

Deno.test("--get prints what names have, or nothing where one has none", async () => {
  const store = "[ports]\nweb = 2000\nblock = { port = 2010, count = 2 }\n";
  const both = await calledOn(store, ["--get", "web", "--get", "block"]);
  assertEquals([both.status, both.out], [0, "2000\n2010\n2011\n"]);

  const one = await calledOn(store, ["--get", "web", "--get", "x"]);
  assertEquals([one.status, one.out], [1, ""]);
  assertStringIncludes(one.err, '"x"');
  assertStringIncludes(one.err, one.path);
});

Deno.test("--get --here says the whole name that has no port", async () => {
  using shop = new TempFolder();
  const currentFolder = () => shop.path;
  const args = ["--get", "web", "--here"];
  const { status, err } = await calledOn(undefined, args, { currentFolder });
  assertEquals(status, 1);
  assertStringIncludes(err, `"${shop.path}/web"`);
});
