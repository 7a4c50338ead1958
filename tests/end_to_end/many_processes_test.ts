import { assertEquals } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const MANY = Array.from({ length: 50 }, (_, at) => `worker${at}`);

Deno.test("fifty processes at once get fifty ports, all of them stored", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml"), "--wait=60"];

  const outcomes = await Promise.all(
    MANY.map((name) => portFor([...store, name])),
  );

  assertEquals(outcomes.filter(({ status }) => status !== 0), []);
  const printed = MANY.map((name, at) =>
    `${name}: ${outcomes[at]!.stdout.trim()}`
  );
  const { stdout } = await portFor([...store, "--list"]);
  assertEquals(stdout.trimEnd().split("\n").sort(), printed.sort());
  assertEquals(new Set(outcomes.map(({ stdout }) => stdout)).size, 50);
  assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
});

Deno.test("processes that ask for one name at once get one port", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml"), "--wait=60"];

  const outcomes = await Promise.all(
    MANY.slice(0, 20).map(() => portFor([...store, "--random", "web"])),
  );

  assertEquals(outcomes.filter(({ status }) => status !== 0), []);
  assertEquals(new Set(outcomes.map(({ stdout }) => stdout)).size, 1);
});

Deno.test("unbinding and associating at once lose nothing", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml"), "--wait=60"];
  const old = MANY.slice(0, 15);
  await portFor([...store, ...old]);

  const fresh = MANY.slice(15, 30);
  const outcomes = await Promise.all([
    ...old.map((name) => portFor([...store, "--unbind", name])),
    ...fresh.map((name) => portFor([...store, name])),
  ]);

  assertEquals(outcomes.filter(({ status }) => status !== 0), []);
  const { stdout } = await portFor([...store, "--json", "--list"]);
  assertEquals(Object.keys(JSON.parse(stdout)).sort(), fresh.toSorted());
});
