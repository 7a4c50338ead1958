import { assertEquals, assertStringIncludes } from "@std/assert";
import { PYTHON } from "../support/holders.ts";
import { runTool } from "../support/program.ts";
import {
  assertRefused,
  LONG_AGO,
  Store,
  unixTest as test,
} from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

/** A store, and a file to import. */
class Import extends Store {
  /** The file. */
  readonly conf: string = this.file("port-for.conf");

  /** Writes the file's `[DEFAULT]` section. */
  set entries(text: string) {
    this.write("port-for.conf", `[DEFAULT]\n${text}\n\n`);
  }

  /** Imports it. */
  import(...options: string[]) {
    return this.call(...options, `--import=${this.conf}`);
  }
}

Deno.test("--import takes over every association that is new, and prints them", async () => {
  const before = "# mine\n[ports]\nweb = 8001 # the shop\nold = 9001\n";
  using store = new Import(before);
  // Names are in lower case, as the Python port-for has them.
  store.entries = "web = 8001\nMy DB = 8002\nGRÖSSE: 8003";

  const stdout = "my db: 8002\ngrösse: 8003\n";
  assertEquals(await store.import(), { status: 0, stdout, stderr: "" });
  const after = `${before}"my db" = 8002\n"grösse" = 8003\n`;
  assertEquals(store.text, after);
  assertEquals((await store.import("--json")).stdout, "{}\n");
  assertEquals(store.text, after);
});

Deno.test("% and : mean what they mean to configparser", async () => {
  using store = new Import();
  store.entries = "base = 80\nweb: %(BASE)s01\n100%% = 8002\nhttp:8003";

  assertEquals(
    (await store.import("--json")).stdout,
    '{"base":80,"web":8001,"100%%":8002,"http":8003}\n',
  );
});

Deno.test("conflicts are all reported by name, and nothing is imported", async () => {
  const before = "[ports]\nweb = 8001\ncache = 8003\n" +
    "block = { port = 8010, count = 5 }\n";
  using store = new Import(before);
  store.entries = "web = 9001\nfree = 9002\nqueue = 8003\nmail = 8014";
  const outcome = await store.import();

  const parts = ['"web"', "8001", "9001", '"queue"', '"cache"', "8003"]
    .concat('"mail"', '"block"', "8014");
  assertRefused(outcome, 1, ...parts);
  assertEquals(store.text, before);
});

Deno.test("a lease that ended is no conflict", async () => {
  const ended = `expires = ${LONG_AGO} }\n`;
  using store = new Import(
    `[ports]\nold = { port = 8001, ${ended}web = { port = 8005, ${ended}`,
  );
  store.entries = "web = 8002\ndb = 8001";

  assertEquals((await store.import()).status, 0);
  assertEquals(store.text, "[ports]\nweb = 8002\ndb = 8001\n");
});

Deno.test("what cannot be imported says why, and changes nothing", async () => {
  for (
    const [entries, part] of [
      ["web = 8001\ndb = abc", "line 3"],
      ["web = 8001\ndb = 8001", '"db"'],
      ["web = 8001\nweb = 8002", "line 3"],
      ["web = 8001\ndb = 65536", '"65536"'],
    ] as const
  ) {
    using store = new Import();
    store.entries = entries;
    assertRefused(await store.import(), 1, store.conf, part);
    assertEquals(store.names().includes("ports.toml"), false);
  }

  using store = new Import("[ports]\nweb = 1\ndb = 1\n");
  store.entries = "new = 8001";
  const place = `${store.storePath}, line 2, column 1`;
  assertRefused(await store.import(), 1, place);
  assertEquals(store.text, "[ports]\nweb = 1\ndb = 1\n");
});

Deno.test("what is no file, or no text, is refused with why", async () => {
  using store = new Import();
  Deno.mkdirSync(store.file("folder"));
  store.write("latin1", Uint8Array.of(0x5b, 0xe9, 0x0a));
  for (
    const [file, why] of [
      ["none", "it does not exist"],
      ["folder", "not a regular file"],
      ["latin1", "UTF-8"],
    ] as const
  ) {
    await store.refuses(["--import", store.file(file)], 1, file, why);
  }
  assertEquals(store.names(), ["folder", "latin1"]);
});

test("a named pipe is refused, not waited for", async () => {
  using store = new Import();
  await runTool(["mkfifo", store.conf]);
  assertRefused(await store.import(), 1, "not a regular file");
});

Deno.test("--import takes one file, and no names; a file may be empty", async () => {
  using store = new Import();
  store.write("port-for.conf", "# nothing\n");
  const { status, stdout, stderr } = await store.import();
  assertEquals([status, stdout], [0, ""]);
  assertStringIncludes(stderr, "no names in its section [DEFAULT]");
  for (const more of [["db"], ["--import=other"], ["--ttl=1h"], ["--list"]]) {
    assertRefused(await store.import(...more), 2);
  }
  assertRefused(await store.call("--import="), 2);
  assertEquals(store.names().includes("ports.toml"), false);
});

/** Calls the Python port-for. Returns what it prints as JSON. */
async function python(program: string, ...args: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await runTool([
    ...[PYTHON, "-B", "-c"],
    `import json, sys
from port_for import PortStore
store = PortStore(sys.argv[1])
${program}
print(json.dumps(dict(store.bound_ports())))`,
    ...args,
  ]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

Deno.test({
  name:
    "what the Python port-for wrote is what it says, while it is in use too",
  ignore: Deno.build.os === "windows" ||
    !hasTool(PYTHON, "-B", "-c", "import port_for"),
  fn: async () => {
    using store = new Import();
    const bound = await python(
      `store.bind_port("zeros", "008001")
for name in sys.argv[2:]:
    store.bind_port(name)`,
      store.conf,
      ...["web", "instance1.apache", "My Web Server", "ÄPFEL", "日本", "a%b"],
      ...["%(x)s", "[x]", "a/b#c;d", "1", "__proto__", "'q'", "$HOME", "\\"],
      ...["DEFAULT", "x".repeat(255)],
    );
    const { status, stdout, stderr } = await store.import("--json");
    assertEquals([status, stderr], [0, ""]);
    assertEquals(JSON.parse(stdout), bound);

    const { cache, ...rest } = await python(
      `store.unbind_port("web"); store.bind_port("cache")`,
      store.conf,
    ) as Record<string, number>;
    assertEquals((await store.import()).stdout, `cache: ${cache}\n`);
    // What Python let go of stays: it may be port-for's own by now.
    assertEquals(
      JSON.parse(await store.print("--list", "--json")),
      { ...rest, ...bound as typeof rest, cache },
    );
    assertStringIncludes(store.text, "web = ");
  },
});
