import { assertEquals } from "@std/assert";
import { storeLocation } from "../../lib/cli/store_location.ts";
import { bareMachine } from "../support/fake_runtime.ts";
import { refused } from "../support/refused.ts";

function location(
  options: { store?: string; user?: boolean },
  env: Readonly<Record<string, string>> = {},
  os = "linux",
) {
  return storeLocation(
    { store: options.store, user: options.user ?? false },
    bareMachine({ os, env: (name) => env[name] }),
  );
}

const MACHINE = "/etc/port-for.toml";
const BY_HOME = "/home/me/.local/state/port-for/port-for.toml";

Deno.test("a store is named, else the user's, else the machine's", () => {
  for (
    const [options, env, path, createFolder, os] of [
      [{}, {}, MACHINE, false, "linux"],
      [{}, {}, MACHINE, false, "darwin"],
      [{}, { PORT_FOR_STORE: "" }, MACHINE, false, "linux"],
      [{}, { PORT_FOR_STORE: "/env" }, "/env", false, "linux"],
      [
        { store: "/option" },
        { PORT_FOR_STORE: "/env" },
        "/option",
        false,
        "linux",
      ],
      // A path is used as it is.
      [{ store: "./a b" }, {}, "./a b", false, "linux"],
      [{ store: "~/../x" }, {}, "~/../x", false, "linux"],
      [
        {},
        { ProgramData: "D:\\Data" },
        "D:\\Data\\port-for\\port-for.toml",
        true,
        "windows",
      ],
      [{}, {}, "C:\\ProgramData\\port-for\\port-for.toml", true, "windows"],
      [{ user: true }, { HOME: "/home/me" }, BY_HOME, true, "linux"],
      [
        { user: true },
        { HOME: "/home/me", PORT_FOR_STORE: "/env" },
        BY_HOME,
        true,
        "linux",
      ],
      [
        { user: true },
        { USERPROFILE: "C:\\Users\\me" },
        "C:\\Users\\me/.local/state/port-for/port-for.toml",
        true,
        "windows",
      ],
    ] as const
  ) {
    const isOwn = "user" in options;
    const isNamed = "store" in options || Boolean(
      (env as Record<string, string>).PORT_FOR_STORE,
    );
    assertEquals(location(options, env, os), {
      ...{ path, createFolder, isOwn },
      ...(isOwn || isNamed ? {} : { isUsual: true }),
    });
  }
  // Only an absolute one counts.
  for (
    const [XDG_STATE_HOME, path] of [
      ["/state", "/state/port-for/port-for.toml"],
      ["state", BY_HOME],
      ["./state", BY_HOME],
      ["", BY_HOME],
    ] as const
  ) {
    const env = { HOME: "/home/me", XDG_STATE_HOME };
    assertEquals(location({ user: true }, env).path, path);
  }
});

Deno.test("an empty path, or a user without a home, is refused", async () => {
  const empty = () => location({ store: "" }, { PORT_FOR_STORE: "/env" });
  await refused("BAD_INPUT", empty, '--store ""');
  for (const env of [{}, { HOME: "" }, { XDG_STATE_HOME: "relative" }]) {
    const act = () => location({ user: true }, env as Record<string, string>);
    await refused("FAILED", act, "HOME", "XDG_STATE_HOME");
  }
});
