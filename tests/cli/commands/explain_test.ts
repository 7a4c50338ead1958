import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { ALL_FREE, called } from "../called.ts";

Deno.test("--explain of a good port that is free ends with 0", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml")];
  const { status, out, err } = await called(
    [...store, "--explain", "29500"],
    ALL_FREE,
  );

  assertEquals([status, err], [0, ""]);
  assertStringIncludes(out, "29500: good and free\n");
});

Deno.test("--explain tells every fact, and ends with 1 for any other port", async () => {
  using temp = new TempFolder();
  const path = temp.write(
    "ports.toml",
    "[ports]\nblock = { port = 5431, count = 3 }\n",
  );
  const { status, out } = await called(
    ["--store", path, "--explain", "5432", "--explain=65000"],
    ALL_FREE,
  );

  assertEquals(status, 1);
  for (
    const part of [
      "5432: not good\n",
      "assigned by IANA: postgresql",
      'associated with "block"',
      "65000: not good\n",
      "in the dynamic range 49152-65535",
    ]
  ) {
    assertStringIncludes(out, part);
  }
});

Deno.test("--explain --json is a list with the association", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 29500\n");
  const { out } = await called(
    ["--store", path, "--explain=29500", "--explain=80", "--json"],
    ALL_FREE,
  );

  const [web, http] = JSON.parse(out);
  assertEquals([web.port, web.good, web.free], [29500, true, true]);
  assertEquals(web.association.name, "web");
  assertEquals([http.port, http.good, http.space], [80, false, "system"]);
  assertEquals(http.association, undefined);
});

Deno.test("--explain goes on without a store that cannot be read", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[");
  const { status, out, err } = await called(
    ["--store", path, "--explain", "29500"],
    ALL_FREE,
  );

  // Whose the port is, and what the policy says of it, nobody knows.
  assertEquals(status, 1);
  assertStringIncludes(out, "29500: good and free");
  assertStringIncludes(err, path);
});

Deno.test("--explain of what is no port is refused", async () => {
  for (const port of ["0", "65536", "http", ""]) {
    const { status, out, err } = await called([`--explain=${port}`]);

    assertEquals([status, out], [2, ""]);
    assertStringIncludes(err, `cannot read --explain "${port}"`);
  }
});
