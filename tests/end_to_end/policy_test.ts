import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertWarned, networkTest as test, Store } from "../support/store.ts";

const POLICY = '[policy]\nrange = "20100-20199"\nexclude = ["20110-20150", ' +
  "20160]\n";

function isAllowed(port: number): boolean {
  return port >= 20100 && port <= 20199 && !(port >= 20110 && port <= 20150) &&
    port !== 20160;
}

const NAMES = Array.from({ length: 20 }, (_, at) => `name${at}`);

test("ports are chosen as the store's policy wants", async () => {
  for (const options of [[], ["--random"]]) {
    using store = new Store(POLICY);
    const ports = await store.ports(...options, "--count=9", "block");
    ports.push(...await store.ports(...options, ...NAMES));

    assertEquals(ports.filter((port) => !isAllowed(port)), []);
    assertEquals(new Set(ports).size, NAMES.length + 9);
    assert(store.text.startsWith(POLICY));
    await store.refuses(["--count=40", "x"], 1, "40 consecutive");
  }
});

test("--range and --exclude each override their part of the policy", async () => {
  using store = new Store(POLICY);
  const [outside] = await store.ports("--range=25000-25099", "a");
  const within = await store.ports("--range=20150-20169", "b", "c", "d");
  const excluding = await store.ports("--exclude=20100-20109", ...NAMES);

  assert(outside! >= 25000 && outside! <= 25099);
  assertEquals(within.filter((port) => !isAllowed(port)), []);
  assertEquals(excluding.filter((port) => port < 20110 || port > 20199), []);
  assert(excluding.some((port) => !isAllowed(port)));
});

Deno.test("a policy may be written in any way that says the same", async () => {
  for (
    const policy of [
      'policy = { range = "20100-20109" }\n',
      'policy.range = "20100-20109"\n',
      '[policy]\nrange = " 20100 - 20109 "\nother = "kept"\n',
      '[policy]\nexclude = "1-20099,20110-65535"\n',
      '[policy]\nexclude = ["1-20099", "20110 - 65535"]\n',
      '[policy]\nrange = "20000-20109"\nexclude = [ "20000-20099", ]\n',
      '["policy"]\n"range" = \'20100-20109\'\n',
    ]
  ) {
    using store = new Store(policy);
    const ports = await store.ports("a", "b", "c");

    const wrong = ports.filter((port) => port < 20100 || port > 20109);
    assertEquals(wrong, [], policy);
    assert(store.text.startsWith(policy));
  }
});

test("an empty policy wants nothing", async () => {
  const ports: string[] = [];
  for (const text of ["", "[policy]\n", "[policy]\nexclude = []\n"]) {
    using store = new Store(text);
    ports.push(await store.print("some.name"));
  }

  assertEquals(new Set(ports).size, 1);
});

Deno.test("an error in the policy is one of the store: file, line and column", async () => {
  for (
    const [policy, column] of [
      ['range = "30000-20000"', 1],
      ['range = ""', 1],
      ['range = "20000-29999,31000"', 1],
      ['  range = "20000-"', 3],
      ['range = "20000-70000"', 1],
      ['range = "0-100"', 1],
      ["range = [20000, 29999]", 1],
      ["range = 1.5", 1],
      ["range = 2026-12-01", 1],
      ['exclude = ["x"]', 1],
      ['exclude = ["20000", ""]', 1],
      ["exclude = [20000, 70000]", 1],
      ["exclude = [[20000]]", 1],
      ["exclude = { from = 20000 }", 1],
    ] as const
  ) {
    const text = `[ports]\nold = 20005\n\n[policy]\n${policy}\n`;
    using store = new Store(text);
    const place = `${store.storePath}, line 5, column ${column}: `;
    const key = policy.trim().startsWith("range") ? "range" : "exclu";
    await store.refuses(["web"], 1, place, key);
    assertEquals(store.text, text);
  }
  for (const policy of ["policy = 3", "policy = []", "[[policy]]"]) {
    using store = new Store(`${policy}\n[ports]\nold = 20005\n`);
    await store.refuses(["web"], 1, "line 1, column 1", '"policy"', "table");
  }
});

Deno.test("an error in the policy does not keep names from being looked up", async () => {
  using store = new Store('[ports]\nold = 20005\n\n[policy]\nrange = "x"\n');
  const place = `${store.storePath}, line 5, column 1`;

  assertEquals(await store.print("old"), "20005\n");
  assertEquals(await store.print("--get", "old"), "20005\n");
  const { status, stdout, stderr } = await store.call("--list");
  assertEquals([status, stdout], [1, "old: 20005\n"]);
  assertStringIncludes(stderr, place);
  const check = await store.call("--check");
  assertEquals(check.status, 1);
  assertStringIncludes(check.stdout, place);
});

Deno.test("a policy that leaves nothing is named, till options make room", async () => {
  for (
    const policy of [
      'range = "80-90"',
      'exclude = ["1-65535"]',
      'range = "20100-20199"\nexclude = ["20000-21000"]',
    ]
  ) {
    using store = new Store(`[policy]\n${policy}\n`);
    const parts = [`[policy] of ${store.storePath}`, "no good port"];
    await store.refuses(["web"], 1, ...parts);
    assertEquals(store.text, `[policy]\n${policy}\n`);
  }

  using room = new Store('[policy]\nrange = "80-90"\n');
  const [port] = await room.ports("--range=25000-25099", "web");
  assert(port! >= 25000 && port! <= 25099);

  // An option is named for its own part.
  using beside = new Store('[policy]\nexclude = ["20100-20109"]\n');
  const outcome = await beside.call("--range=20100-20109", "web");
  assertEquals(outcome.status, 2);
  for (const part of ["--range 20100-20109", "[policy]", beside.storePath]) {
    assertStringIncludes(outcome.stderr, part);
  }
  assert(!outcome.stderr.includes("--exclude"), outcome.stderr);
});

test("--port outside the policy is a warning", async () => {
  using store = new Store(`${POLICY}[ports]\nold = 25000\n`);
  for (
    const [name, port] of [["a", 20120], ["b", 25005], ["c", 20160]] as const
  ) {
    const outcome = await store.call(`--port=${port}`, name);

    assertEquals([outcome.status, outcome.stdout], [0, `${port}\n`]);
    assertWarned(outcome, `${port}`, `[policy] of ${store.storePath}`);
    // Who has it is not told again.
    assertEquals(await store.print(name), `${port}\n`);
  }
  assertEquals(await store.print("old"), "25000\n");
});
