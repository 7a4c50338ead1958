import { assertEquals, assertStringIncludes } from "@std/assert";
import { called, calledOn } from "../called.ts";

Deno.test("--explain tells every fact; only a good and free port ends with 0", async () => {
  const free = await calledOn(undefined, ["--explain", "29500"]);
  assertEquals([free.status, free.err], [0, ""]);
  assertStringIncludes(free.out, "29500: good and free\n");

  const { status, out } = await calledOn(
    "[ports]\nblock = { port = 5431, count = 3 }\n",
    ["--explain", "5432", "--explain=65000"],
  );
  assertEquals(status, 1);
  for (
    const part of [
      ...["5432: not good\n", "assigned by IANA: postgresql", '"block"'],
      ...["65000: not good\n", "in the dynamic range 49152-65535"],
    ]
  ) assertStringIncludes(out, part);
});

Deno.test("--explain --json is a list with the association", async () => {
  const args = ["--explain=29500", "--explain=80", "--json"];
  const { out } = await calledOn("[ports]\nweb = 29500\n", args);
  const [web, http] = JSON.parse(out);
  assertEquals([web.port, web.good, web.free], [29500, true, true]);
  assertEquals(web.association.name, "web");
  assertEquals([http.port, http.good, http.space], [80, false, "system"]);
  assertEquals(http.association, undefined);
});

Deno.test("--explain goes on without a store that cannot be read", async () => {
  const { status, out, err, path } = await calledOn("[", ["--explain=29500"]);
  // Whose the port is, and what the policy says of it, nobody knows.
  assertEquals(status, 1);
  assertStringIncludes(out, "29500: good and free");
  assertStringIncludes(err, path);
});

Deno.test("--explain of what is not a port is refused", async () => {
  for (const port of ["0", "65536", "http", ""]) {
    const { status, out, err } = await called([`--explain=${port}`]);
    assertEquals([status, out], [2, ""]);
    assertStringIncludes(err, "explain");
    assertStringIncludes(err, `"${port}"`);
  }
});
