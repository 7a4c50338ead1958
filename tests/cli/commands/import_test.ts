import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { calledOn } from "../called.ts";

const STORE = "[ports]\nweb = 2000\n";

Deno.test("--import takes over a file, and prints what is new", async () => {
  using temp = new TempFolder();
  const conf = temp.write("old.conf", "[DEFAULT]\nweb = 2000\n2 = 2001\n");
  const first = await calledOn(STORE, ["--import", conf]);
  assertEquals([first.status, first.out, first.err], [0, "2: 2001\n", ""]);
  assertEquals(first.after, `${STORE}2 = 2001\n`);
  const again = await calledOn(first.after, ["--import", conf]);
  assertEquals([again.out, again.after], ["", first.after]);
  const json = await calledOn(STORE, ["--import", conf, "--json"]);
  assertEquals(json.out, '{"2":2001}\n');
});

Deno.test("a file that cannot be taken over says why, and changes nothing", async () => {
  using temp = new TempFolder();
  temp.write("bad.conf", "[DEFAULT]\ndb = 2001\nx = y\n");
  temp.write("clash.conf", "[DEFAULT]\ndb = 2001\nshop = 2000\n");
  temp.write("latin1.conf", Uint8Array.of(0x5b, 0xe9, 0x0a));
  for (
    const [file, ...parts] of [
      ["no.conf", "not exist"],
      [".", "regular file"],
      ["bad.conf", "line 3"],
      ["clash.conf", "2000", '"shop"', '"web"'],
      ["latin1.conf", "latin1.conf"],
    ] as const
  ) {
    const args = ["--import", temp.file(file)];
    const { status, out, err, after } = await calledOn(STORE, args);
    assertEquals([status, out, after], [1, "", STORE]);
    assertStringIncludes(err, "port-for: cannot import");
    for (const part of parts) assertStringIncludes(err, part);
  }
});
