import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { called } from "../called.ts";

const STORE = `\
[ports]
web = 2000
"a.b" = { port = 2010, count = 3 }
old = { port = 2020, expires = 2000-01-01T00:00:00Z }
lease = { port = 2030, expires = 2099-01-01T00:00:00Z }
"/me/shop/db" = { port = 2040, directory = "/me/shop" }
`;

Deno.test("--list prints associations, blocks as ranges, no ended leases", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);

  assertEquals(await called(["--store", path, "--list"]), {
    status: 0,
    out: "web: 2000\na.b: 2010-2012\nlease: 2030\n/me/shop/db: 2040\n",
    err: "",
  });
  assertEquals(
    (await called(["--store", path, "--list", "--json"])).out,
    '{"web":2000,"a.b":[2010,2011,2012],"lease":2030,"/me/shop/db":2040}\n',
  );
});

Deno.test("--list --here prints those of the current directory", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);
  const currentFolder = () => "/me/shop";

  const { out } = await called(["--store", path, "--list", "--here"], {
    currentFolder,
  });
  assertEquals(out, "/me/shop/db: 2040\n");
});

Deno.test("--env without a name prints every association as a variable", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);

  assertEquals(
    (await called(["--store", path, "--env"])).out,
    "WEB_PORT=2000\nA_B_PORT=2010\nLEASE_PORT=2030\n_ME_SHOP_DB_PORT=2040\n",
  );
  const currentFolder = () => "/me/shop";
  assertEquals(
    (await called(["--store", path, "--env", "--here"], { currentFolder })).out,
    // In its directory, a name is short.
    "DB_PORT=2040\n",
  );
});

Deno.test("--env with two names of one spelling associates neither", async () => {
  using temp = new TempFolder();
  const path = temp.file("ports.toml");
  const { status, out, err } = await called(
    ["--store", path, "--env", "a.b", "a-b"],
  );

  assertEquals([status, out], [1, ""]);
  assertStringIncludes(err, "A_B_PORT");
  assertEquals(temp.names(), []);
});

Deno.test("a name cannot pass for a line of its own in --list", async () => {
  using temp = new TempFolder();
  const path = temp.write(
    "ports.toml",
    '[ports]\n"a: 1\\nb" = 2000\n"c\\u001b[2J" = 2001\n',
  );
  const { out } = await called(["--store", path, "--list"]);

  assertEquals(out.match(/\n/g)!.length, 2);
  assertEquals(out.includes("\u001b"), false);
});
