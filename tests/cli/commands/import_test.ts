import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { called } from "../called.ts";

Deno.test("--import takes over a file, and prints what is new", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.write("ports.toml", "[ports]\nweb = 2000\n")];
  const conf = temp.write("old.conf", "[DEFAULT]\nweb = 2000\ndb = 2001\n");

  assertEquals(await called([...store, "--import", conf]), {
    status: 0,
    out: "db: 2001\n",
    err: "",
  });
  assertEquals((await called([...store, "--import", conf])).out, "");
  assertEquals(temp.read("ports.toml"), "[ports]\nweb = 2000\ndb = 2001\n");

  const more = temp.write("more.conf", "[DEFAULT]\n2 = 2002\n");
  const json = await called([...store, "--import", more, "--json"]);
  assertEquals(json.out, '{"2":2002}\n');
});

Deno.test("a file that cannot be taken over says why, and changes nothing", async () => {
  using temp = new TempFolder();
  const text = "[ports]\nweb = 2000\n";
  const store = ["--store", temp.write("ports.toml", text)];
  temp.write("bad.conf", "[DEFAULT]\ndb = 2001\nx = y\n");
  temp.write("clash.conf", "[DEFAULT]\ndb = 2001\nshop = 2000\n");
  temp.write("latin1.conf", Uint8Array.of(0x5b, 0xe9, 0x0a));

  for (
    const [file, part] of [
      ["no.conf", "it does not exist"],
      [".", "it is not a regular file"],
      ["bad.conf", "line 3"],
      ["clash.conf", 'port 2000 of "shop" belongs to "web" here'],
      ["latin1.conf", "latin1.conf"],
    ] as const
  ) {
    const { status, out, err } = await called(
      [...store, "--import", temp.file(file)],
    );
    assertEquals([status, out], [1, ""]);
    assertStringIncludes(err, "port-for: cannot import");
    assertStringIncludes(err, part);
    assertEquals(temp.read("ports.toml"), text);
  }
});
