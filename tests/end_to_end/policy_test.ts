import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { StackStore } from "../support/store.ts";

const POLICY = '[policy]\nrange = "20100-20199"\nexclude = ["20110-20150", ' +
  "20160]\n";

function isAllowed(port: number): boolean {
  return port >= 20100 && port <= 20199 && !(port >= 20110 && port <= 20150) &&
    port !== 20160;
}

const NAMES = Array.from({ length: 20 }, (_, at) => `name${at}`);

Deno.test("ports are chosen as the store's policy wants", async () => {
  for (const options of [[], ["--random"]]) {
    using store = new StackStore();
    store.fill(POLICY);
    const ports = await store.ports([...options, ...NAMES]);

    assertEquals(ports.filter((port) => !isAllowed(port)), []);
    assertEquals(new Set(ports).size, NAMES.length);
    assert(store.text().startsWith(POLICY));
  }
});

Deno.test("a block is within the policy, too", async () => {
  using store = new StackStore();
  store.fill(POLICY);
  const ports = await store.ports(["--count=9", "block"]);

  assertEquals(ports.filter((port) => !isAllowed(port)), []);
  const { status, stderr } = await store.call(["--count=40", "other"]);
  assertEquals(status, 1);
  assertStringIncludes(stderr, "no 40 consecutive good ports");
});

Deno.test("--range and --exclude each override their part of the policy", async () => {
  using store = new StackStore();
  store.fill(POLICY);
  const [outside] = await store.ports(["--range=25000-25099", "a"]);
  const within = await store.ports(["--range=20150-20169", "b", "c", "d"]);
  const excluding = await store.ports(["--exclude=20100-20109", ...NAMES]);

  assert(outside! >= 25000 && outside! <= 25099);
  assertEquals(within.filter((port) => !isAllowed(port)), []);
  assertEquals(
    excluding.filter((port) => port < 20110 || port > 20199),
    [],
  );
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
    using store = new StackStore();
    store.fill(policy);
    const ports = await store.ports(["a", "b", "c"]);

    assertEquals(
      ports.filter((port) => port < 20100 || port > 20109),
      [],
      policy,
    );
    assert(store.text().startsWith(policy));
  }
});

Deno.test("an empty policy wants nothing", async () => {
  const ports: string[] = [];
  for (const text of ["", "[policy]\n", "[policy]\nexclude = []\n"]) {
    using store = new StackStore();
    store.fill(text);
    ports.push(await store.print(["some.name"]));
  }

  assertEquals(new Set(ports).size, 1);
});

Deno.test("an error in the policy is one of the store: file, line and column", async () => {
  for (
    const [policy, column, why] of [
      ['range = "30000-20000"', 1, "it ends before it begins"],
      ['range = ""', 1, "FIRST-LAST"],
      ['range = "20000-29999,31000"', 1, "FIRST-LAST"],
      ['  range = "20000-"', 3, "FIRST-LAST"],
      ['range = "20000-70000"', 1, "65535"],
      ['range = "0-100"', 1, "65535"],
      ["range = [20000, 29999]", 1, "the range"],
      ["range = { from = 20000 }", 1, "the range"],
      ["range = 1.5", 1, "the range"],
      ["range = true", 1, "the range"],
      ["range = 2026-12-01", 1, "the range"],
      ['exclude = ["x"]', 1, "the exclusion"],
      ['exclude = ["20000", ""]', 1, "the exclusion"],
      ["exclude = [20000, 70000]", 1, "65535"],
      ["exclude = [[20000]]", 1, "the exclusion"],
      ["exclude = { from = 20000 }", 1, "the exclusion"],
      ["exclude = [{}]", 1, "the exclusion"],
    ] as const
  ) {
    using store = new StackStore();
    const text = `[ports]\nold = 20005\n\n[policy]\n${policy}\n`;
    store.fill(text);
    const { status, stdout, stderr } = await store.call(["web"]);

    assertEquals([status, stdout], [1, ""], policy);
    assertStringIncludes(
      stderr,
      `cannot use the store ${store.store}, line 5, column ${column}: `,
    );
    assertStringIncludes(stderr, why);
    assertEquals(store.text(), text);
  }
});

Deno.test("an error in the policy does not keep names from being looked up", async () => {
  using store = new StackStore();
  for (const policy of ['range = "x"', "exclude = { a = 1 }"]) {
    store.fill(`[ports]\nold = 20005\n\n[policy]\n${policy}\n`);

    assertEquals(await store.print(["old"]), "20005\n");
    assertEquals(await store.print(["--get", "old"]), "20005\n");
    const { status, stdout, stderr } = await store.call(["--list"]);
    assertEquals([status, stdout], [0, "old: 20005\n"]);
    assertStringIncludes(stderr, `${store.store}, line 5, column 1`);
    const check = await store.call(["--check"]);
    assertEquals(check.status, 1);
    assertStringIncludes(check.stdout, `${store.store}, line 5, column 1`);
  }
});

Deno.test('"policy" that is no table is an error of the store', async () => {
  for (const policy of ["policy = 3", "policy = []", "[[policy]]"]) {
    using store = new StackStore();
    store.fill(`${policy}\n[ports]\nold = 20005\n`);
    const { status, stderr } = await store.call(["web"]);

    assertEquals(status, 1);
    assertStringIncludes(
      stderr,
      `${store.store}, line 1, column 1: "policy" is not a table`,
    );
  }
});

Deno.test("a policy that leaves nothing is status 1, and is named", async () => {
  for (
    const policy of [
      'range = "80-90"',
      'exclude = ["1-65535"]',
      'range = "20100-20199"\nexclude = ["20000-21000"]',
    ]
  ) {
    using store = new StackStore();
    store.fill(`[policy]\n${policy}\n`);
    const { status, stdout, stderr } = await store.call(["web"]);

    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(
      stderr,
      `the [policy] of ${store.store} leaves no good port`,
    );
    assertEquals((await store.call(["--get", "web"])).status, 1);
  }
});

Deno.test("an option beside a policy is named for its own part", async () => {
  using store = new StackStore();
  store.fill('[policy]\nexclude = ["20100-20109"]\n');
  const { status, stderr } = await store.call(["--range=20100-20109", "web"]);

  assertEquals(status, 2);
  assertStringIncludes(
    stderr,
    `--range 20100-20109 with the [policy] of ${store.store} leaves no good port`,
  );
  assert(!stderr.includes("--exclude"), stderr);
});

Deno.test("options can make room where the policy leaves none", async () => {
  using store = new StackStore();
  store.fill('[policy]\nrange = "80-90"\n');
  const [port] = await store.ports(["--range=25000-25099", "web"]);

  assert(port! >= 25000 && port! <= 25099);
});

Deno.test("--port outside the policy is a warning", async () => {
  using store = new StackStore();
  store.fill(POLICY);
  for (
    const [name, port] of [["a", 20120], ["b", 25005], ["c", 20160]] as const
  ) {
    const { status, stdout, stderr } = await store.call([
      `--port=${port}`,
      name,
    ]);

    assertEquals([status, stdout], [0, `${port}\n`]);
    assertStringIncludes(stderr, "port-for: warning: ");
    assertStringIncludes(stderr, `the [policy] of ${store.store}`);
    // Who has it is not told again.
    assertEquals(await store.print([name]), `${port}\n`);
  }
});

Deno.test("names that hold ports outside the policy keep them", async () => {
  using store = new StackStore();
  store.fill(`${POLICY}[ports]\nold = 25005\n`);

  assertEquals(await store.print(["old"]), "25005\n");
  assertEquals(
    await store.print(["--list", "--json"]),
    '{"old":25005}\n',
  );
});
