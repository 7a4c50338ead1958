import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Whether there is a file or a folder. */
function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("--store is where the store is", async () => {
  using temp = new TempFolder();
  await portFor(["--store", temp.file("a b"), "web"]);
  await portFor([`--store=${temp.file("c=d")}`, "web"]);

  assertStringIncludes(temp.read("a b"), "web = ");
  assertStringIncludes(temp.read("c=d"), "web = ");
});

Deno.test("--store may be relative to the current folder", async () => {
  using temp = new TempFolder();
  const { status } = await portFor(["--store", "ports.toml", "web"], {
    cwd: temp.path,
  });

  assertEquals(status, 0);
  assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
});

Deno.test("PORT_FOR_STORE is where the store is, unless --store says otherwise", async () => {
  using temp = new TempFolder();
  const env = { PORT_FOR_STORE: temp.file("env.toml") };
  await portFor(["web"], { env });
  await portFor(["--store", temp.file("option.toml"), "db"], { env });

  assertStringIncludes(temp.read("env.toml"), "web = ");
  assert(!temp.read("env.toml").includes("db"));
  assertStringIncludes(temp.read("option.toml"), "db = ");
});

Deno.test("an empty PORT_FOR_STORE is none", async () => {
  using temp = new TempFolder();
  const env = { PORT_FOR_STORE: "", HOME: temp.path };
  const { status } = await portFor(["--user", "web"], { env });

  assertEquals(status, 0);
  assert(exists(temp.file(".local/state/port-for/port-for.toml")));
});

Deno.test("--user is a store in HOME, in folders for that user alone", async () => {
  using temp = new TempFolder();
  const env = { HOME: temp.path };
  const { stdout } = await portFor(["--user", "web"], { env });

  const folder = temp.file(".local/state/port-for");
  assertStringIncludes(
    Deno.readTextFileSync(`${folder}/port-for.toml`),
    `web = ${stdout}`,
  );
  assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700);
  assertEquals((await portFor(["web", "--user"], { env })).stdout, stdout);
});

Deno.test("asking a --user store creates no folders", async () => {
  using temp = new TempFolder();
  const env = { HOME: temp.path };
  await portFor(["--user", "--list"], { env });
  await portFor(["--user", "--get", "web"], { env });
  await portFor(["--user", "--unbind", "web"], { env });

  assertEquals(temp.names(), []);
});

Deno.test("--user goes by XDG_STATE_HOME", async () => {
  using temp = new TempFolder();
  const state = temp.file("state");
  const env = { HOME: temp.file("home"), XDG_STATE_HOME: state };
  const { status } = await portFor(["--user", "web"], { env });

  assertEquals(status, 0);
  assert(exists(`${state}/port-for/port-for.toml`));
  assert(!exists(temp.file("home")));
});

Deno.test("a relative or empty XDG_STATE_HOME is ignored", async () => {
  for (const XDG_STATE_HOME of ["state", "./state", ""]) {
    using temp = new TempFolder();
    const env = { HOME: temp.file("home"), XDG_STATE_HOME };
    const { status } = await portFor(["--user", "web"], {
      env,
      cwd: temp.path,
    });

    assertEquals(status, 0);
    assertEquals(temp.names(), ["home"]);
    assert(exists(temp.file("home/.local/state/port-for/port-for.toml")));
  }
});

Deno.test("--user without HOME says what is missing", async () => {
  const env = { HOME: undefined, XDG_STATE_HOME: undefined };
  const { status, stdout, stderr } = await portFor(["--user", "web"], { env });

  assertEquals([status, stdout], [1, ""]);
  for (const part of ["HOME", "XDG_STATE_HOME", "--store"]) {
    assertStringIncludes(stderr, part);
  }
});

Deno.test("--user needs no HOME where there is XDG_STATE_HOME", async () => {
  using temp = new TempFolder();
  const env = { HOME: undefined, XDG_STATE_HOME: temp.path };
  const { status } = await portFor(["--user", "web"], { env });

  assertEquals(status, 0);
  assert(exists(temp.file("port-for/port-for.toml")));
});

Deno.test("the folder of another store has to exist", async () => {
  using temp = new TempFolder();
  const path = temp.file("no/such/ports.toml");
  const { status, stdout, stderr } = await portFor(["--store", path, "web"]);

  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, `${path}: its folder does not exist`);
  assertEquals(temp.names(), []);
});
