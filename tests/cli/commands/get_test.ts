import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { called } from "../called.ts";

Deno.test("--get prints what names have, or nothing where one has none", async () => {
  using temp = new TempFolder();
  const path = temp.write(
    "ports.toml",
    "[ports]\nweb = 2000\nblock = { port = 2010, count = 2 }\n",
  );
  const store = ["--store", path];

  const both = await called([...store, "--get", "web", "--get", "block"]);
  assertEquals(both, { status: 0, out: "2000\n2010\n2011\n", err: "" });

  const one = await called([...store, "--get", "web", "--get", "x"]);
  assertEquals([one.status, one.out], [1, ""]);
  assertStringIncludes(one.err, 'cannot get the port of "x"');
  assertStringIncludes(one.err, path);
});

Deno.test("--get --here says the whole name that has no port", async () => {
  using temp = new TempFolder();
  const path = temp.file("ports.toml");
  const currentFolder = () => "/me/shop";
  const { status, err } = await called(
    ["--store", path, "--get", "web", "--here"],
    { currentFolder },
  );

  assertEquals(status, 1);
  assertStringIncludes(err, '"/me/shop/web"');
});
