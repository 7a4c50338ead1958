import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portFor, PROGRAM } from "../support/program.ts";
import { assertRefused, isUnix, Store } from "../support/store.ts";
import { TempFolder } from "../support/temp.ts";

Deno.test("the store is where --store says, else where PORT_FOR_STORE says", async () => {
  using temp = new TempFolder();
  const env = { PORT_FOR_STORE: temp.file("env.toml") };
  await portFor(["--store", temp.file("a b"), "web"], { env });
  await portFor(["--store=c=d", "web"], { env, cwd: temp.path });
  await portFor(["web"], { env });

  const stores = temp.names().filter((name) => !name.endsWith(".lock"));
  assertEquals(stores, ["a b", "c=d", "env.toml"]);
  for (const store of stores) assertStringIncludes(temp.read(store), "web = ");
});

Deno.test("the folder of a store that is named has to exist", async () => {
  using temp = new TempFolder();
  const path = temp.file("no/such/ports.toml");
  assertRefused(await portFor(["--store", path, "web"]), 1, path, "folder");
  assertEquals(temp.names(), []);
});

Deno.test("--user is a store in HOME, in folders for that user alone", async () => {
  using temp = new TempFolder();
  // An empty PORT_FOR_STORE, and a relative XDG_STATE_HOME, are none.
  const env = { HOME: temp.path, PORT_FOR_STORE: "", XDG_STATE_HOME: "state" };
  for (const args of [["--list"], ["--get=web"], ["--unbind=web"]]) {
    await portFor(["--user", ...args], { env, cwd: temp.path });
    assertEquals(temp.names(), [], "asking creates no folders");
  }
  const { stdout } = await portFor(["--user", "web"], { env, cwd: temp.path });

  const folder = ".local/state/port-for";
  assertStringIncludes(temp.read(`${folder}/port-for.toml`), `web = ${stdout}`);
  if (isUnix) {
    assertEquals(Deno.statSync(temp.file(folder)).mode! & 0o777, 0o700);
  }
  assertEquals((await portFor(["web", "--user"], { env })).stdout, stdout);
  assertEquals(temp.names(), [".local"]);
});

Deno.test("--user goes by XDG_STATE_HOME, and needs that or HOME", async () => {
  using temp = new TempFolder();
  const env = { HOME: undefined, XDG_STATE_HOME: temp.path };
  const { stdout } = await portFor(["--user", "web"], { env });
  assertStringIncludes(temp.read("port-for/port-for.toml"), `web = ${stdout}`);

  const neither = { ...env, XDG_STATE_HOME: undefined };
  const outcome = await portFor(["--user", "web"], { env: neither });
  if (isUnix) {
    assertRefused(outcome, 1, "HOME", "XDG_STATE_HOME", "--store");
  } else assert(outcome.status !== 0);
});

Deno.test({
  name: "a PORT_FOR_STORE that Deno may not read is not taken for none",
  ignore: !PROGRAM.includes("--allow-all"),
  fn: async () => {
    using store = new Store("[ports]\nweb = 24017\n");
    const program = PROGRAM.flatMap((word) =>
      word === "--allow-all"
        ? ["--no-prompt", "--allow-read", "--allow-write", "--allow-net"]
        : [word]
    );
    for (const args of [["web"], ["--list"], ["new"]]) {
      const outcome = await store.callWith({ program }, ...args);
      assertRefused(outcome, 1, "PORT_FOR_STORE", "--allow-env", "--store");
    }
    const named = ["--store", store.storePath, "web"];
    assertEquals(await store.printWith({ program }, ...named), "24017\n");
  },
});
