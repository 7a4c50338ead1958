import { assertEquals, assertStringIncludes } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { runTool } from "../support/program.ts";
import { isUnix, StackStore } from "../support/store.ts";

/** A store, and a file to import. */
class Import extends StackStore {
  /** The file. */
  readonly conf: string = this.file("port-for.conf");

  /** Writes the file's `[DEFAULT]` section. */
  entries(text: string): void {
    this.write("port-for.conf", `[DEFAULT]\n${text}\n\n`);
  }

  /** Imports it. */
  import(...options: string[]) {
    return this.call([...options, `--import=${this.conf}`]);
  }
}

Deno.test("--import takes over every association, and prints them", async () => {
  using store = new Import();
  store.entries("instance1.apache = 21553\nmy web = 8001\nhttp: 8002");
  const { status, stdout, stderr } = await store.import();

  assertEquals([status, stderr], [0, ""]);
  assertEquals(stdout, "instance1.apache: 21553\nmy web: 8001\nhttp: 8002\n");
  assertEquals(await store.print(["--list"]), stdout);
  assertEquals(await store.print(["instance1.apache"]), "21553\n");
});

Deno.test("--import keeps what is in the store, and can be repeated", async () => {
  using store = new Import();
  const before = "# mine\n[ports]\nweb = 8001 # the shop\nold = 9001\n";
  store.fill(before);
  store.entries("web = 8001\ndb = 8002");

  assertEquals((await store.import()).stdout, "db: 8002\n");
  const after = store.text();
  assertEquals(after, `${before}db = 8002\n`);
  const again = await store.import("--json");
  assertEquals(again, { status: 0, stdout: "{}\n", stderr: "" });
  assertEquals(store.text(), after);
});

Deno.test("names are lower-cased, as the Python port-for has them", async () => {
  using store = new Import();
  store.entries("Web = 8001\nGRÖSSE = 8002");

  assertEquals(
    (await store.import("--json")).stdout,
    '{"web":8001,"grösse":8002}\n',
  );
});

Deno.test("conflicts are all reported by name, and nothing is imported", async () => {
  using store = new Import();
  store.fill(
    "[ports]\nweb = 8001\ncache = 8003\nblock = { port = 8010, count = 5 }\n",
  );
  store.entries("web = 9001\nfree = 9002\nqueue = 8003\nmail = 8014");
  const before = store.text();
  const { status, stdout, stderr } = await store.import();

  assertEquals([status, stdout], [1, ""]);
  for (
    const part of [
      '"web" has port 8001 here and 9001 there',
      'port 8003 of "queue" belongs to "cache" here',
      'port 8014 of "mail" belongs to "block" here',
      "nothing was imported",
    ]
  ) {
    assertStringIncludes(stderr, part);
  }
  assertEquals(store.text(), before);
});

Deno.test("a lease that ended is no conflict", async () => {
  using store = new Import();
  const ended = "expires = 2020-01-01T00:00:00Z }\n";
  store.fill(
    `[ports]\nold = { port = 8001, ${ended}web = { port = 8005, ${ended}`,
  );
  store.entries("web = 8002\ndb = 8001");

  assertEquals((await store.import()).status, 0);
  assertEquals(
    await store.print(["--list", "--json"]),
    '{"web":8002,"db":8001}\n',
  );
});

Deno.test("a file with any fault is not imported at all", async () => {
  for (
    const [entries, part] of [
      ["web = 8001\ndb = abc", 'line 3: the port of "db"'],
      ["web = 8001\ndb = 8001", 'both "web" and "db"'],
      ["web = 8001\nweb = 8002", 'line 3: "web"'],
      ["web = 8001\ndb", "line 3"],
      ["web = 8001\ndb = 65536", '"65536"'],
      ["web = 8001 # the shop", "# the shop"],
    ] as const
  ) {
    using store = new Import();
    store.entries(entries);
    const { status, stdout, stderr } = await store.import();

    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, `cannot import ${store.conf}: `);
    assertStringIncludes(stderr, part);
    assertEquals(store.names().includes("ports.toml"), false);
  }
});

Deno.test("% and : mean what they mean to configparser", async () => {
  using store = new Import();
  store.entries("base = 80\nweb: %(BASE)s01\n100%% = 8002\nhttp:8003");

  assertEquals(
    (await store.import("--json")).stdout,
    '{"base":80,"web":8001,"100%%":8002,"http":8003}\n',
  );
});

Deno.test("a file without associations is imported, and changes nothing", async () => {
  for (const text of ["", "[DEFAULT]\n", "# nothing\n\n"]) {
    using store = new Import();
    store.write("port-for.conf", text);

    assertEquals(await store.import(), { status: 0, stdout: "", stderr: "" });
    assertEquals(store.names().includes("ports.toml"), false);
  }
});

Deno.test("what is no file, or no text, is refused with why", async () => {
  using store = new Import();
  Deno.mkdirSync(store.file("folder"));
  store.write("latin1", new Uint8Array([...bytes("[DEFAULT]\nw"), 0xf6]));
  for (
    const [file, why] of [
      ["none", "it does not exist"],
      ["folder", "it is not a regular file"],
      ["latin1", "utf-8"],
    ] as const
  ) {
    const { status, stdout, stderr } = await store.call([
      "--import",
      store.file(file),
    ]);

    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, `cannot import ${store.file(file)}: `);
    assertStringIncludes(stderr.toLowerCase(), why);
  }
  assertEquals(store.names(), ["folder", "latin1"]);
});

Deno.test({
  name: "a named pipe is refused, not waited for",
  ignore: !isUnix,
  fn: async () => {
    using store = new Import();
    await runTool(["mkfifo", store.conf]);
    const { status, stderr } = await store.import();

    assertEquals(status, 1);
    assertStringIncludes(stderr, "it is not a regular file");
  },
});

Deno.test("a broken store takes nothing over", async () => {
  using store = new Import();
  store.fill("[ports]\nweb = 1\ndb = 1\n");
  store.entries("new = 8001");
  const { status, stderr } = await store.import();

  assertEquals(status, 1);
  assertStringIncludes(stderr, `${store.store}, line 2, column 1`);
  assertEquals(store.text(), "[ports]\nweb = 1\ndb = 1\n");
});

Deno.test("--import takes one file, and no names", async () => {
  using store = new Import();
  store.entries("web = 8001");
  for (
    const more of [
      ["db"],
      ["--import=other"],
      ["--ttl=1h"],
      ["--list"],
      ["--", "env"],
    ]
  ) {
    const { status, stdout } = await store.call([
      `--import=${store.conf}`,
      ...more,
    ]);

    assertEquals([status, stdout], [2, ""], more[0]);
  }
  assertEquals((await store.call(["--import="])).status, 2);
  assertEquals(store.names(), ["port-for.conf"]);
});

/** Debian's package python3-port-for is for Debian's own Python. */
const PYTHON = "/usr/bin/python3";

/** Calls the Python port-for. Returns what its last line prints as JSON. */
async function python(program: string, ...args: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await runTool([
    PYTHON,
    "-B",
    "-c",
    `import json, sys\nfrom port_for import PortStore\n${program}`,
    ...args,
  ]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const BIND = `
store = PortStore(sys.argv[1])
for name in sys.argv[2:]:
    store.bind_port(name)
print(json.dumps(dict(store.bound_ports())))
`;

Deno.test({
  name: "what the Python port-for wrote is what it says",
  ignore: !isUnix || !hasTool(PYTHON, "-B", "-c", "import port_for"),
  fn: async () => {
    using store = new Import();
    const bound = await python(
      BIND,
      store.conf,
      ...["web", "instance1.apache", "My Web Server", "ÄPFEL", "日本", "a%b"],
      ...["%(x)s", "[x]", "a/b#c;d", "1", "__proto__", "'q'", "$HOME", "\\"],
      ...["DEFAULT", "x".repeat(255)],
    );

    const { status, stdout, stderr } = await store.import("--json");
    assertEquals([status, stderr], [0, ""]);
    assertEquals(JSON.parse(stdout), bound);
    assertEquals(JSON.parse(await store.print(["--list", "--json"])), bound);
  },
});

Deno.test({
  name: "the Python port-for's file can be imported again while it is in use",
  ignore: !isUnix || !hasTool(PYTHON, "-B", "-c", "import port_for"),
  fn: async () => {
    using store = new Import();
    await python(BIND, store.conf, "web", "db");
    await store.import();
    const bound = await python(
      `${BIND.replace("print", "store.unbind_port('db'); print")}`,
      store.conf,
      "cache",
    ) as Record<string, number>;

    assertEquals((await store.import()).stdout, `cache: ${bound.cache}\n`);
    // What Python let go of stays: it may be port-for's own by now.
    assertEquals(
      Object.keys(JSON.parse(await store.print(["--list", "--json"]))),
      ["web", "db", "cache"],
    );
  },
});

Deno.test({
  name:
    "a port that the Python port-for was told in another spelling is the same",
  ignore: !isUnix || !hasTool(PYTHON, "-B", "-c", "import port_for"),
  fn: async () => {
    using store = new Import();
    const bound = await python(
      `
store = PortStore(sys.argv[1])
store.bind_port("web", "008001")
store.bind_port("db", 8002)
print(json.dumps(dict(store.bound_ports())))
`,
      store.conf,
    );

    assertEquals(JSON.parse((await store.import("--json")).stdout), bound);
  },
});

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
