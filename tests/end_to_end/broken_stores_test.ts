import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertRefused, Store } from "../support/store.ts";

interface Broken {
  readonly what: string;
  readonly store: string | Uint8Array;
  /** Where the fault is, and what it is. */
  readonly says: readonly string[];
  /** What `--list` still prints; without this, the store cannot be read. */
  readonly list?: string;
}

const BROKEN: readonly Broken[] = [
  {
    what: "that is not TOML",
    store: "[ports]\nsound = 2000\nweb 8080\n",
    says: ["line 3, column ", "not valid TOML"],
  },
  {
    what: "that is cut off in a string",
    store: '[ports]\nsound = 2000\n"we',
    says: ["line 3, column ", "not valid TOML"],
  },
  {
    what: "that repeats a key",
    store: "[ports]\nsound = 2000\nweb = 2001\nweb = 2002\n",
    says: ["line 4, column ", "not valid TOML"],
  },
  {
    what: "that repeats a key in other quotes",
    store: "[ports]\nsound = 2000\nweb = 2001\n'web' = 2001\n",
    says: ["line 4, column ", "not valid TOML"],
  },
  {
    what: "that is not UTF-8",
    store: Uint8Array.of(...new TextEncoder().encode("# a\n# bc"), 0xe9, 0x0a),
    says: ["line 2, column 5", "not UTF-8"],
  },
  {
    what: "that holds a zero byte",
    store: "[ports]\nsound = 2000\n\0\n",
    says: ["line 3, column ", "not valid TOML"],
  },
  {
    what: "that holds one port twice",
    store: "[ports]\nweb = 2001\nsound = 2000\n  db = 2001\n",
    says: ["line 2, column 1", "2001", '"web"', '"db"'],
    list: "sound: 2000\n",
  },
  {
    what: "in which a block reaches into another port",
    store: "[ports]\nsound = 2000\n" +
      "web = { port = 2001, count = 4 }\ndb = 2004\n",
    says: ["line 3, column 1", "2004", '"web"', '"db"'],
    list: "sound: 2000\n",
  },
  {
    what: "with a port out of range",
    store: "[ports]\nsound = 2000\n  web = 65536\n",
    says: ["line 3, column 3", '"web"', "65535"],
    list: "sound: 2000\n",
  },
  {
    what: "with port 0",
    store: "[ports]\nweb = 0\nsound = 2000\n",
    says: ["line 2, column 1", '"web"'],
    list: "sound: 2000\n",
  },
  {
    what: "with a port that is text",
    store: '[ports]\nsound = 2000\nweb = "2001"\n',
    says: ["line 3, column 1", '"web"'],
    list: "sound: 2000\n",
  },
  {
    what: "with a port that is far too long",
    store: "[ports]\nsound = 2000\nweb = 9007199254740993\n",
    says: ["line 3, column 1", '"web"'],
    list: "sound: 2000\n",
  },
  {
    what: "with a table without a port",
    store: "[ports]\nsound = 2000\n[ports.web]\nnote = 1\n",
    says: ["line 3, column 1", '"web"'],
    list: "sound: 2000\n",
  },
  {
    what: "with a block beyond the last port",
    store: "[ports]\nsound = 2000\nweb = { port = 65535, count = 2 }\n",
    says: ["line 3, column 1", '"web"'],
    list: "sound: 2000\n",
  },
  {
    what: "whose ports are no table",
    store: "version = 1\nports = [2001]\n",
    says: ["line 2, column 1", '"ports"'],
    list: "",
  },
  {
    what: "of a newer version",
    store: "# new\nversion = 2\n[ports]\nsound = 2000\n",
    says: ["line 2, column 1", "version 2", "newer"],
    list: "sound: 2000\n",
  },
  {
    what: "whose version is no number",
    store: 'version = "1"\n[ports]\nsound = 2000\n',
    says: ["line 1, column 1", '"version"'],
    list: "sound: 2000\n",
  },
];

for (const { what, store: content, says, list } of BROKEN) {
  Deno.test(`a store ${what} is reported and never written`, async () => {
    using store = new Store();
    store.write("ports.toml", content);
    const bytes = Deno.readFileSync(store.storePath);

    for (const args of [["sound", "new"], ["--unbind", "sound"]]) {
      await store.refuses(args, 1, store.storePath, ...says);
    }
    const listed = await store.call("--list");
    if (list === undefined) {
      assertRefused(listed, 1, store.storePath, ...says);
    } else {
      // A script must not take what is left for all that there is.
      assertEquals([listed.status, listed.stdout], [1, list]);
      for (const part of [store.storePath, ...says]) {
        assertStringIncludes(listed.stderr, part);
      }
    }
    if (list?.includes("sound")) {
      assertEquals(await store.print("sound"), "2000\n");
      assertEquals(await store.print("--get", "sound"), "2000\n");
    }

    assertEquals(Deno.readFileSync(store.storePath), bytes);
  });
}

Deno.test("an unsound entry is refused by its own name", async () => {
  using store = new Store("[ports]\na = 2001\nb = 2001\nc = 0\n");

  for (const [name, line] of [["a", 2], ["b", 3], ["c", 4]] as const) {
    const place = `${store.storePath}, line ${line}, column 1`;
    await store.refuses(["--get", name], 1, place, `"${name}"`);
  }
});

Deno.test("a block that reaches into two others makes all three unsound", async () => {
  using store = new Store(
    "[ports]\na = 2001\nb = 2002\nc = { port = 2001, count = 2 }\n",
  );

  assertEquals((await store.call("--list")).stdout, "");
});

Deno.test("several names are all or nothing", async () => {
  using store = new Store("[ports]\nbad = 70000\n");

  await store.refuses(["good", "bad"], 1, '"bad"');
  await store.refuses(["--port", "3000", "good"], 1, '"bad"');
  assertEquals(store.text, "[ports]\nbad = 70000\n");
});

Deno.test("an empty store and one with comments only are sound", async () => {
  for (const text of ["", "\n", "# nothing yet", "[ports]", "ports = {}"]) {
    using store = new Store(text);

    await store.listsNothing();
    const port = await store.print("web");
    assertEquals(await store.print("--get", "web"), port);
  }
});
