import { assertEquals } from "@std/assert";
import type { Association } from "../../lib/association.ts";
import type { Call } from "../../lib/cli/call.ts";
import { CommandLine } from "../../lib/cli/command_line.ts";
import { associationsHere, wantedNames } from "../../lib/cli/here.ts";
import type { Checkout } from "../../lib/machine/checkout.ts";
import type { FileFacts, Runtime } from "../../lib/runtime/runtime.ts";
import { StoreOn } from "../support/store_on.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";

/** A call in a checkout, on a machine whose store is empty. */
function callIn(
  root: string,
  { folder = root, os = "linux", repositories = [], before = [] }: {
    folder?: string;
    os?: Runtime["os"];
    /** Folders with a repository. */
    repositories?: readonly string[];
    /** What the store has. */
    before?: readonly Association[];
  } = {},
): Call {
  const checkout: Checkout = { root, folder };
  const runtime = bareMachine({
    os,
    env: () => undefined,
    stat: (path) => {
      const isThere = repositories.some((folder) => path === `${folder}/.hg`);
      if (!isThere) throw systemError("ENOENT");
      return { kind: "folder" } as FileFacts;
    },
  });
  const { store } = new StoreOn(runtime, "ports.toml");
  const place = {
    ...store.place,
    read: () => ({ all: () => before }),
  } as unknown as typeof store.place;
  const line = new CommandLine(["--here", "--list"]);
  return { line, store: { ...store, place }, runtime, checkout };
}

async function fullNames(
  root: string,
  names: readonly string[],
): Promise<string[]> {
  return (await wantedNames(callIn(root), names)).map(({ full }) => full);
}

Deno.test("without --here a name is as it is, wherever that is", async () => {
  const { checkout: _, ...call } = callIn("/home/me/shop");

  assertEquals(await wantedNames(call, ["web"]), [
    { short: "web", full: "web" },
  ]);
});

Deno.test("with --here a name belongs to the checkout", async () => {
  assertEquals(await fullNames("/home/me/shop", ["web", "a/b", "my db"]), [
    "/home/me/shop/web",
    "/home/me/shop/a/b",
    "/home/me/shop/my db",
  ]);
  assertEquals(await fullNames("/", ["web"]), ["/web"]);
});

Deno.test("without any name --here is the checkout itself", async () => {
  assertEquals(await wantedNames(callIn("/home/me/shop"), []), [
    { short: "shop", full: "/home/me/shop", directory: "/home/me/shop" },
  ]);
  assertEquals(await wantedNames(callIn("/"), []), [
    { short: "/", full: "/", directory: "/" },
  ]);
});

Deno.test("without any name, all of a manifest are meant, as it wants them", async () => {
  const manifest = {
    names: new Map([["web", { prefer: 3000 }], ["db", {}]]),
    variables: new Map(),
  };
  const directory = "/home/me/shop";
  const web = {
    short: "web",
    full: "/home/me/shop/web",
    directory,
    wishes: { prefer: 3000 },
  };
  const call = callIn(directory);

  assertEquals(await wantedNames(call, [], manifest), [
    web,
    { short: "db", full: "/home/me/shop/db", directory, wishes: {} },
  ]);
  // One that it does not have is a name of the checkout all the same.
  assertEquals(await wantedNames(call, ["mail", "web"], manifest), [
    { short: "mail", full: "/home/me/shop/mail", directory },
    web,
  ]);
});

Deno.test("an empty name stays empty, and does not become the checkout", async () => {
  assertEquals(await fullNames("/home/me/shop", [""]), [""]);
});

Deno.test("a directory of Windows is spelt with slashes", async () => {
  const root = "C:\\work\\shop";
  const call = callIn(root, { os: "windows" });

  assertEquals(await wantedNames(call, ["web"]), [
    { short: "web", full: "C:/work/shop/web", directory: root },
  ]);
});

Deno.test("elsewhere a backslash is a letter: two directories are two names", async () => {
  assertEquals(await fullNames("/home/me/a\\b", ["web"]), [
    "/home/me/a\\b/web",
  ]);
  assertEquals(await fullNames("/home/me/a/b", ["web"]), ["/home/me/a/b/web"]);
});

/** Associations, each with the directory that it was made for. */
function associations(
  ...names: (readonly [name: string, directory?: string])[]
): Association[] {
  return names.map(([name, directory], at) => ({
    name,
    port: 2001 + at,
    count: 1,
    ...(directory === undefined ? {} : { directory }),
  }));
}

Deno.test("--here is about what belongs to the checkout, and nothing beside it", () => {
  const all = associations(
    ...["web", "/home/me/shop", "/home/me/shop/web", "/home/me/shop-2/web"]
      .map((name) => [name] as const),
    ...["/home/me/shop2", "/home/me", "shop/web"]
      .map((name) => [name] as const),
  );
  const call = callIn("/home/me/shop");
  const shortNames = (call: Call) =>
    associationsHere(call, all).map(({ short }) => short);

  assertEquals(shortNames(call), ["shop", "web"]);
  const { checkout: _, ...everywhere } = call;
  assertEquals(shortNames(everywhere), all.map(({ name }) => name));
});

Deno.test("--here leaves the names of a checkout further down to that", () => {
  const [shop, admin, tools] = [
    "/home/me/shop",
    "/home/me/shop/admin",
    "/home/me/shop/tools",
  ];
  const all = associations(
    [shop, shop],
    [`${shop}/web`, shop],
    [admin, admin],
    [`${admin}/web`, admin],
    [`${tools}/lint`, tools],
    [`${shop}/by/hand`],
  );
  const namesIn = (root: string) =>
    associationsHere(callIn(root, { repositories: [shop, admin] }), all)
      .map(({ short }) => short);

  // A folder that is only a part of the checkout belongs to it.
  assertEquals(namesIn(shop), ["shop", "web", "tools/lint", "by/hand"]);
  assertEquals(namesIn(admin), ["admin", "web"]);
});

Deno.test("a name that was made for a folder of the checkout is found from there", async () => {
  const [shop, tools] = ["/home/me/shop", "/home/me/shop/tools"];
  const before = associations([`${tools}/web`, tools], [`${shop}/db`, shop]);
  const from = async (folder: string) =>
    (await wantedNames(callIn(shop, { folder, before }), ["web", "db"]))
      .map(({ full, directory }) => [full, directory]);

  assertEquals(await from(tools), [
    [`${tools}/web`, tools],
    [`${shop}/db`, shop],
  ]);
  assertEquals(await from(shop), [[`${shop}/web`, shop], [`${shop}/db`, shop]]);
});
