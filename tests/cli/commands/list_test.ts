import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { calledOn } from "../called.ts";

Deno.test("--list and --env print associations, blocks too, but no ended leases", async () => {
  using shop = new TempFolder();
  const { path } = shop;
  const store = `\
[ports]
web = 2000
"a.b" = { port = 2010, count = 3 }
old = { port = 2020, expires = 2000-01-01T00:00:00Z }
lease = { port = 2030, expires = 2099-01-01T00:00:00Z }
"${path}/db" = { port = 2040, directory = "${path}" }
`;
  const spelt = path.toUpperCase().replace(/[^A-Z0-9]/g, "_");
  for (
    const [args, expected] of [
      [
        ["--list"],
        `web: 2000\na.b: 2010-2012\nlease: 2030\n${path}/db: 2040\n`,
      ],
      [
        ["--list", "--json"],
        `{"web":2000,"a.b":[2010,2011,2012],"lease":2030,"${path}/db":2040}\n`,
      ],
      [["--list", "--here"], `${path}/db: 2040\n`],
      [
        ["--env"],
        `WEB_PORT=2000\nA_B_PORT=2010\nLEASE_PORT=2030\n${spelt}_DB_PORT=2040\n`,
      ],
      // In its directory, a name is short.
      [["--env", "--here"], "DB_PORT=2040\n"],
    ] as const
  ) {
    const currentFolder = () => path;
    const { status, out, err } = await calledOn(store, args, { currentFolder });
    assertEquals([status, out, err], [0, expected, ""]);
  }
});

Deno.test("--env with two names of one spelling associates neither", async () => {
  const args = ["--env", "a.b", "a-b"];
  const { status, out, err, after } = await calledOn(undefined, args);
  assertEquals([status, out, after], [1, "", undefined]);
  assertStringIncludes(err, "A_B_PORT");
});

Deno.test("a name cannot pass for a line of its own in --list", async () => {
  const store = '[ports]\n"a: 1\\nb" = 2000\n"c\\u001b[2J" = 2001\n';
  const { out } = await calledOn(store, ["--list"]);
  assertEquals(out.match(/\n/g)!.length, 2);
  assertEquals(out.includes("\u001b"), false);
});
