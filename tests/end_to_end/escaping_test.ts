import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { NOBODY } from "../support/program.ts";
import { isRoot } from "../support/namespace.ts";
import { LONG_AGO, networkTest, Store } from "../support/store.ts";

/** What turns text around, hides it, or gives orders to a terminal. */
const ODD = "\u202e\u2066\u061c\u2028\u009b31m";

/** What a terminal must not see: controls, but for line ends, and directions. */
const UNSAFE = /[^\P{Cc}\n]|\p{Bidi_Control}|\p{Zl}|\p{Zp}/u;

Deno.test("text from a store and from paths is escaped wherever it is printed", async () => {
  using store = new Store();
  const directory = store.file(`gone${ODD}`).replaceAll("\u009b", "");
  const escape = (text: string) =>
    text.replace(
      /[^ -~]/gu,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  store.text = `[ports]
"a${escape(ODD.replace("\u009b", ""))}b" = 24017
"${escape(directory)}/web" = { port = 24018, directory = "${
    escape(directory)
  }" }
"x${escape("\u202e")}" = { port = 24019, expires = ${LONG_AGO} }
`;
  for (
    const args of [
      ["--list"],
      ["--list", "--json"],
      ["--status"],
      ["--status", "--json"],
      ["--check"],
      ["--check", "--json"],
      ["--explain=24017"],
      ["--explain=24017", "--json"],
      ["--map"],
      ["--env"],
      [`--get=none${ODD}`],
      [`--store=${store.file(`none${ODD}`)}`, "--get=none"],
      [`--store=${store.file(`none${ODD}`)}`, "--list"],
      [`--import=${store.file(`none${ODD}`)}`],
      ["--port=24017", `other${ODD.slice(0, 3)}`],
      [`--nonsense${ODD}`],
      [`--range=1-${ODD}`, "web"],
      ["--", `none${ODD}`],
      ["web", "--", `none${ODD}`],
      ["--prune", "--json"],
      ["--prune"],
    ]
  ) {
    const { stdout, stderr } = await store.call(...args);
    assert(stdout + stderr !== "" || args[0] === "--prune", `${args}`);
    assert(!UNSAFE.test(stdout), `${args}: ${JSON.stringify(stdout)}`);
    assert(!UNSAFE.test(stderr), `${args}: ${JSON.stringify(stderr)}`);
  }
  // What JSON says is still what it was.
  assertEquals(
    Object.keys(JSON.parse(await store.print("--list", "--json")))[0],
    `a${ODD.replace("\u009b", "")}b`,
  );
});

networkTest(
  "what processes of others call themselves is escaped",
  async (network) => {
    using store = new Store("[ports]\nweb = 24017\n");
    const name = "\u202e\u009bx";
    const user = isRoot ? { user: NOBODY } : {};
    await network.hold({ port: 24017, how: "listening", name, ...user });
    for (
      const args of [
        ["--status"],
        ["--status", "--json"],
        ["--explain=24017"],
        ["--explain=24017", "--json"],
        ["--check"],
        ["web", "--", "true"],
      ]
    ) {
      const { stdout, stderr } = await store.call(...args);
      const text = stdout + stderr;
      assert(!UNSAFE.test(text), `${args}: ${JSON.stringify(text)}`);
      const shown = args.includes("--json")
        ? "\\u202e\\u009b"
        : "\\u{202e}\\u{9b}x";
      assertStringIncludes(text, shown, `${args}`);
    }
  },
);
