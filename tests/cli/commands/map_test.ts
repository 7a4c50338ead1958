import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { calledOn } from "../called.ts";

Deno.test("--map draws the whole port space with a legend", async () => {
  const { status, out, err } = await calledOn(undefined, ["--map"]);
  const [picture, legend] = out.split("\n\n");
  const [ruler, ...rows] = picture!.split("\n");
  assertEquals([status, err], [0, ""]);
  assertEquals(ruler!.match(/\+\d+/g), ["+0", "+1024", "+2048", "+3072"]);
  assertEquals(rows.length, 16);
  assert(rows.every((row) => /^ *\d+ {2}[!@owc:~s.]{64}$/.test(row)), picture);
  for (const part of ["64 ports", "0-65535"]) {
    assertStringIncludes(legend!, part);
  }
  const [kinds, total] = legend!.split(/(65536 {2}in all)/);
  const counts = [...kinds!.matchAll(/^ {2}\S +(\d+)/gm)]
    .map(([, count]) => Number(count));
  assertEquals([counts.reduce((a, b) => a + b), total], [
    65536,
    "65536  in all",
  ]);
});

Deno.test("--map --json has each port in one kind, counted right", async () => {
  const store = "[ports]\nweb = 29500\n";
  const { out } = await calledOn(store, ["--map", "--json"]);
  const { range, kinds } = JSON.parse(out);
  assertEquals(range, { first: 0, last: 65535 });
  let total = 0;
  for (const [kind, { count, ranges }] of Object.entries<Kind>(kinds)) {
    const sizes = ranges.map(({ first, last }) => last - first + 1);
    assertEquals(count, sizes.reduce((sum, size) => sum + size, 0), kind);
    if (kind !== "associated" && kind !== "in use") total += count;
  }
  assertEquals(total, 65536);
  const ranges = [{ first: 29500, last: 29500 }];
  assertEquals(kinds.associated, { count: 1, ranges });
});

interface Kind {
  readonly count: number;
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
}

Deno.test("--map of a range draws that, an association always seen", async () => {
  const readFile = (path: string) => {
    if (!path.startsWith("/proc/net/")) return Deno.readFileSync(path);
    throw Object.assign(new Error("nothing there"), { code: "ENOENT" });
  };
  const args = ["--map", "--range", "29500-29503"];
  const store = "[ports]\nweb = 29502\n";
  const { out } = await calledOn(store, args, { readFile });
  assert(/^29500 {2}oo@o\n\n.*29500-29503/m.test(out), out);
});
