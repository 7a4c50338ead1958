import { assertEquals, assertThrows } from "@std/assert";
import { CommandLine } from "../../lib/cli/command_line.ts";
import { storeLocation } from "../../lib/cli/store_location.ts";
import { PortForError } from "../../lib/error.ts";
import { bareMachine } from "../support/fake_runtime.ts";

function location(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  os = "linux",
) {
  const line = new CommandLine([...args, "web"]);
  return storeLocation(
    { store: line.value("store"), user: line.has("user") },
    bareMachine({ os, env: (name) => env[name] }),
  );
}

Deno.test("the machine's store is where nothing else is said", () => {
  assertEquals(location([]), {
    path: "/etc/port-for.toml",
    createFolder: false,
  });
  assertEquals(location([], {}, "darwin").path, "/etc/port-for.toml");
});

Deno.test("on Windows, the machine's store is in ProgramData", () => {
  assertEquals(location([], { ProgramData: "D:\\Data" }, "windows"), {
    path: "D:\\Data\\port-for\\port-for.toml",
    createFolder: true,
  });
  assertEquals(
    location([], {}, "windows").path,
    "C:\\ProgramData\\port-for\\port-for.toml",
  );
});

Deno.test("--store goes before PORT_FOR_STORE, and that before the machine's", () => {
  const env = { PORT_FOR_STORE: "/env" };

  assertEquals(location(["--store", "/option"], env).path, "/option");
  assertEquals(location([], env).path, "/env");
  assertEquals(location([], { PORT_FOR_STORE: "" }).path, "/etc/port-for.toml");
});

Deno.test("a store that is named is used as it is, in a folder that exists", () => {
  for (const path of ["ports.toml", "./a b", "../x", "~/x", "/a/../b"]) {
    assertEquals(location([`--store=${path}`]), { path, createFolder: false });
  }
});

Deno.test("an empty --store is no path", () => {
  const error: PortForError = assertThrows(
    () => location(["--store", ""], { PORT_FOR_STORE: "/env" }),
    PortForError,
    '--store ""',
  );
  assertEquals(error.code, "BAD_INPUT");
});

Deno.test("--user goes by XDG_STATE_HOME, where it is absolute, else by HOME", () => {
  const byHome = "/home/me/.local/state/port-for/port-for.toml";
  for (
    const [state, path] of [
      ["/state", "/state/port-for/port-for.toml"],
      ["state", byHome],
      ["./state", byHome],
      ["", byHome],
    ] as const
  ) {
    const env = { HOME: "/home/me", XDG_STATE_HOME: state };
    assertEquals(location(["--user"], env), { path, createFolder: true });
  }
  assertEquals(location(["--user"], { HOME: "/home/me" }).path, byHome);
});

Deno.test("--user on Windows goes by USERPROFILE", () => {
  const env = { USERPROFILE: "C:\\Users\\me" };

  assertEquals(
    location(["--user"], env, "windows").path,
    "C:\\Users\\me/.local/state/port-for/port-for.toml",
  );
});

Deno.test("--user without a home is a failure", () => {
  for (const env of [{}, { HOME: "" }, { XDG_STATE_HOME: "relative" }]) {
    const error: PortForError = assertThrows(
      () => location(["--user"], env),
      PortForError,
      "neither HOME nor XDG_STATE_HOME is set",
    );
    assertEquals(error.code, "FAILED");
  }
});
