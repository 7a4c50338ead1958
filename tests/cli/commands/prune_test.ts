import { assert, assertEquals } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { called } from "../called.ts";

Deno.test("--prune says what it dropped and why", async () => {
  using temp = new TempFolder();
  const path = temp.write(
    "ports.toml",
    "[ports]\nweb = 2000\n" +
      "old = { port = 2001, expires = 2000-01-01T00:00:00Z }\n" +
      '"/no/x" = { port = 2002, directory = "/nonexistent/x" } # gone\n',
  );

  assertEquals(await called(["--store", path, "--prune"]), {
    status: 0,
    out: "old: dropped, its lease ended at 2000-01-01T00:00:00.000Z\n" +
      "/no/x: dropped, /nonexistent/x is gone\n",
    err: "",
  });
  assertEquals(temp.read("ports.toml"), "[ports]\nweb = 2000\n");
  assertEquals(await called(["--store", path, "--prune"]), {
    status: 0,
    out: "",
    err: "",
  });
});

Deno.test("--prune shows nothing invisible", async () => {
  using temp = new TempFolder();
  const path = temp.write(
    "ports.toml",
    '[ports]\n"a\u202Eb" = { port = 2000, expires = 2000-01-01T00:00:00Z }\n',
  );
  const { out } = await called(["--store", path, "--prune"]);

  assert(out.startsWith("a\\u{202e}b: dropped, "), out);
});
