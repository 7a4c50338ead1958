import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { ALL_FREE, called, calledOn } from "../called.ts";

Deno.test("a sound store, or none, has no problem; a port in use is a note", async () => {
  const sound = "[ports]\nweb = 29500\n";
  for (const text of [sound, "", undefined]) {
    const { status, out, err } = await calledOn(text, ["--check"]);
    assertEquals([status, err], [0, ""], out);
  }
  const bindTcp = () => "in use" as const;
  const { status, out } = await calledOn(sound, ["--check"], { bindTcp });
  assertEquals(status, 0);
  assert(out.startsWith('note: port 29500 of "web" is in use by'), out);
});

Deno.test("every problem is told, each once", async () => {
  for (
    const [text, ...parts] of [
      [
        "[ports]\nzero = 0\na = 29500\nb = 29500\n" +
        "http = 80\nkernel = 65000\n" +
        "old = { port = 29510, expires = 2000-01-01T00:00:00Z }\n" +
        '" x" = 29520\n',
        'line 2, column 1: the port of "zero"',
        'port 29500 belongs to both "a" and "b"',
        'port 29500 belongs to both "a" and "b"',
        'port 80 of "http" is a system port',
        'port 65000 of "kernel" is in the dynamic range',
        'the lease of "old" expired',
        'the name " x" is not valid',
      ],
      ["[ports\n", "line 1"],
      // A block with one bad port is one problem.
      ["[ports]\nx = { port = 8079, count = 3 }\n", "8080"],
    ]
  ) {
    const args = ["--check", "--json"];
    const { status, out, err } = await calledOn(text, args);
    assertEquals([status, err], [1, ""]);
    const { problems } = JSON.parse(out) as { problems: string[] };
    assertEquals(problems.length, parts.length, out);
    const about = (part: string) =>
      problems.filter((problem) => problem.includes(part)).length;
    for (const part of parts) {
      assertEquals(about(part), parts.filter((one) => one === part).length);
    }
  }
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
    assertStringIncludes(out, `${path} can be written`);
    assertStringIncludes(out, `replace files in ${temp.file("open")}`);
    assertStringIncludes(out, `${path}.tmp`);
    assertStringIncludes(out, "3 problems");

    // In a sticky folder, as /tmp is one, people can replace only what is theirs.
    Deno.chmodSync(temp.file("open"), 0o1777);
    Deno.chmodSync(path, 0o644);
    Deno.removeSync(`${path}.tmp`);
    assertEquals((await called(call, ALL_FREE)).status, 0);
  },
});
