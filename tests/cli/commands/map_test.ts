import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { called } from "../called.ts";

Deno.test("--map draws the whole port space with a legend", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml")];
  const { status, out, err } = await called([...store, "--map"]);
  const [picture, legend] = out.split("\n\n");
  const rows = picture!.split("\n");

  assertEquals([status, err], [0, ""]);
  assertEquals(rows.length, 16);
  assert(rows.every((row) => /^ *\d+ {2}[!@ow:~s.]{64}$/.test(row)), picture);
  assertStringIncludes(legend!, "One mark is 64 ports of 0-65535");
});

Deno.test("--map --json has each port in one kind, counted right", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 29500\n");
  const { out } = await called(["--store", path, "--map", "--json"]);
  const { range, kinds } = JSON.parse(out);

  assertEquals(range, { first: 0, last: 65535 });
  let total = 0;
  for (const [kind, { count, ranges }] of Object.entries<Kind>(kinds)) {
    const sum = ranges.reduce(
      (sum, { first, last }) => sum + last - first + 1,
      0,
    );
    assertEquals(count, sum, kind);
    if (kind !== "associated" && kind !== "in use") total += count;
  }
  assertEquals(total, 65536);
  assertEquals(kinds.associated, {
    count: 1,
    ranges: [{ first: 29500, last: 29500 }],
  });
});

interface Kind {
  readonly count: number;
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
}

Deno.test("--map of a range draws that, an association always seen", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "[ports]\nweb = 29502\n");
  const { out } = await called(
    ["--store", path, "--map", "--range", "29500-29503"],
    { readFile: readAllBut("/proc/net/") },
  );

  assert(
    out.startsWith("29500  oo@o\n\nOne mark is 1 port of 29500-29503"),
    out,
  );
});

/** Reads files, but for a folder where nothing is. */
function readAllBut(folder: string): (path: string) => Uint8Array {
  return (path) => {
    if (!path.startsWith(folder)) return Deno.readFileSync(path);
    throw Object.assign(new Error("nothing there"), { code: "ENOENT" });
  };
}
