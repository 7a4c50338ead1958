import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { ALL_FREE, called } from "../called.ts";

/** The problems that a store is found to have. */
async function problems(text: string): Promise<string[]> {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", text);
  const { status, out, err } = await called(
    ["--store", path, "--check", "--json"],
    ALL_FREE,
  );
  const report = JSON.parse(out);
  assertEquals([status, err], [report.problems.length === 0 ? 0 : 1, ""]);
  return report.problems;
}

Deno.test("a store without a problem is said to be that", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 29500\n");

  assertEquals(await called(["--store", path, "--check"], ALL_FREE), {
    status: 0,
    out: "no problem found\n",
    err: "",
  });
  assertEquals(await problems(""), []);
  const none = await called(
    ["--store", temp.file("none"), "--check"],
    ALL_FREE,
  );
  assertEquals(none.status, 0);
});

Deno.test("every problem is told, each once", async () => {
  const found = await problems(
    "[ports]\nzero = 0\na = 29500\nb = 29500\n" +
      "http = 80\nkernel = 65000\n" +
      "old = { port = 29510, expires = 2000-01-01T00:00:00Z }\n" +
      '" x" = 29520\n',
  );

  for (
    const [part, count] of [
      ['line 2, column 1: the port of "zero"', 1],
      ['port 29500 belongs to both "a" and "b"', 2],
      ['port 80 of "http" is a system port', 1],
      ['port 65000 of "kernel" is in the dynamic range', 1],
      ['the lease of "old" expired', 1],
      ['the name " x" is not valid', 1],
    ] as const
  ) {
    const about = found.filter((problem) => problem.includes(part));
    assertEquals(about.length, count, part);
  }
  assertEquals(found.length, 7);
});

Deno.test("a store that is no TOML is one problem", async () => {
  const found = await problems("[ports\n");

  assertEquals(found.length, 1);
  assertStringIncludes(found[0]!, "line 1");
});

Deno.test("a block with one bad port is one problem, with its ports", async () => {
  const found = await problems("[ports]\nx = { port = 8079, count = 3 }\n");

  assertEquals(found.length, 1);
  assertStringIncludes(found[0]!, "8080");
});

Deno.test({
  name: "files that others could write are problems, and what was left behind",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using temp = new TempFolder();
    Deno.mkdirSync(temp.file("open"));
    Deno.chmodSync(temp.file("open"), 0o777);
    const path = temp.write("open/ports.toml", "[ports]\n");
    Deno.chmodSync(path, 0o666);
    temp.write("open/ports.toml.tmp", "");
    Deno.symlinkSync(path, temp.file("link"));
    const call = ["--store", temp.file("link"), "--check"];
    const { status, out } = await called(call, ALL_FREE);

    assertEquals(status, 1);
    for (
      const part of [
        `${path} can be written by everybody`,
        `everybody can replace files in ${temp.file("open")}`,
        `${path}.tmp was left by a port-for that died`,
        "3 problems found",
      ]
    ) {
      assertStringIncludes(out, part);
    }

    // In a sticky folder, as /tmp is one, people can replace only what is theirs.
    Deno.chmodSync(temp.file("open"), 0o1777);
    Deno.chmodSync(path, 0o644);
    Deno.removeSync(`${path}.tmp`);
    assertEquals((await called(call, ALL_FREE)).status, 0);
  },
});

Deno.test("a port in use is a note, not a problem", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 29500\n");
  const { status, out } = await called(["--store", path, "--check"], {
    bindTcp: () => "in use",
  });

  assertEquals(status, 0);
  assert(out.startsWith('note: port 29500 of "web" is in use by'), out);
});
