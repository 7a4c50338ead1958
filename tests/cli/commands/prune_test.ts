import { assertEquals, assertMatch } from "@std/assert";
import { calledOn } from "../called.ts";

Deno.test("--prune says what it dropped and why, and shows nothing invisible", async () => {
  const { status, out, err, after } = await calledOn(
    "[ports]\nweb = 2000\n" +
      '"a\u202Eb" = { port = 2001, expires = 2000-01-01T00:00:00Z }\n' +
      '"/no/x" = { port = 2002, directory = "/etc/no-such-folder" } # gone\n',
    ["--prune"],
  );
  assertEquals([status, err], [0, ""]);
  assertEquals(after, "[ports]\nweb = 2000\n");
  const lines = out.split("\n");
  assertEquals(lines.length, 3);
  assertMatch(lines[0]!, /^a\\u\{202e\}b: .*2000-01-01/);
  assertMatch(lines[1]!, /^\/no\/x: .*\/etc\/no-such-folder/);

  const again = await calledOn(after, ["--prune"]);
  assertEquals([again.status, again.out, again.err], [0, "", ""]);
});
