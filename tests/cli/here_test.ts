import { assertEquals } from "@std/assert";
import type { Call } from "../../lib/cli/call.ts";
import { CommandLine } from "../../lib/cli/command_line.ts";
import { associationsHere, wantedNames } from "../../lib/cli/here.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { StoreOn } from "../support/store_on.ts";
import { bareMachine } from "../support/fake_runtime.ts";

/** A call in a folder. */
function callIn(
  folder: string,
  args: readonly string[],
  os: Runtime["os"] = "linux",
): Call {
  return {
    line: new CommandLine(args),
    store: new StoreOn(bareMachine({}), "ports.toml").store,
    runtime: bareMachine({ os, currentFolder: () => folder }),
  };
}

function fullNames(folder: string, names: readonly string[]): string[] {
  const call = callIn(folder, ["--here", ...names]);
  return wantedNames(call, names).map(({ full }) => full);
}

Deno.test("without --here a name is as it is, wherever that is", () => {
  assertEquals(wantedNames(callIn("/home/me/shop", ["web"]), ["web"]), [
    { short: "web", full: "web" },
  ]);
});

Deno.test("with --here a name belongs to the current directory", () => {
  assertEquals(fullNames("/home/me/shop", ["web", "a/b", "my db"]), [
    "/home/me/shop/web",
    "/home/me/shop/a/b",
    "/home/me/shop/my db",
  ]);
  assertEquals(fullNames("/", ["web"]), ["/web"]);
});

Deno.test("without any name --here is the directory itself", () => {
  assertEquals(wantedNames(callIn("/home/me/shop", ["--here"]), []), [
    { short: "shop", full: "/home/me/shop" },
  ]);
  assertEquals(wantedNames(callIn("/", ["--here"]), []), [
    { short: "/", full: "/" },
  ]);
});

Deno.test("an empty name stays empty, and does not become the directory", () => {
  assertEquals(fullNames("/home/me/shop", [""]), [""]);
});

Deno.test("a directory of Windows is spelt with slashes", () => {
  const call = callIn("C:\\work\\shop", ["--here", "web"], "windows");

  assertEquals(wantedNames(call, ["web"]), [
    { short: "web", full: "C:/work/shop/web" },
  ]);
});

Deno.test("elsewhere a backslash is a letter: two directories are two names", () => {
  assertEquals(fullNames("/home/me/a\\b", ["web"]), ["/home/me/a\\b/web"]);
  assertEquals(fullNames("/home/me/a/b", ["web"]), ["/home/me/a/b/web"]);
});

Deno.test("--list --here is what belongs to the directory, and nothing beside it", () => {
  const associations = [
    "web",
    "/home/me/shop",
    "/home/me/shop/web",
    "/home/me/shop-2/web",
    "/home/me/shop2",
    "/home/me",
    "shop/web",
  ].map((name, at) => ({ name, port: 2001 + at, count: 1 }));
  const shortNames = (...args: string[]) =>
    associationsHere(callIn("/home/me/shop", args), associations)
      .map(({ short }) => short);

  assertEquals(shortNames("--list", "--here"), ["shop", "web"]);
  assertEquals(
    shortNames("--list"),
    associations.map(({ name }) => name),
  );
});

Deno.test("--list --here leaves the names of directories below to those", () => {
  const associations = [
    ["/home/me/shop", "/home/me/shop"],
    ["/home/me/shop/web", "/home/me/shop"],
    ["/home/me/shop/admin", "/home/me/shop/admin"],
    ["/home/me/shop/admin/web", "/home/me/shop/admin"],
    ["/home/me/shop/by/hand", undefined],
  ] as const;
  const here = associations.map(([name, directory], at) => ({
    name,
    port: 2001 + at,
    count: 1,
    ...(directory === undefined ? {} : { directory }),
  }));
  const namesIn = (folder: string) =>
    associationsHere(callIn(folder, ["--list", "--here"]), here)
      .map(({ short }) => short);

  assertEquals(namesIn("/home/me/shop"), ["shop", "web", "by/hand"]);
  assertEquals(namesIn("/home/me/shop/admin"), ["admin", "web"]);
});
