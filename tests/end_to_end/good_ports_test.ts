import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ASSIGNED, WELL_KNOWN } from "../../data/ranges.ts";
import { portFor, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range";
const isLinux = Deno.build.os === "linux";

/** What nobody claims, worked out from the data without the program's code. */
function availablePorts(): boolean[] {
  const available = Array.from(
    { length: 65536 },
    (_, port) => port >= 1024 && port <= 49151,
  );
  const taken = [ASSIGNED, WELL_KNOWN].flatMap((list) => list.match(/\S+/g)!);
  const [low, high] = Deno.readTextFileSync(RANGE_FILE).match(/\d+/g)!;
  for (const text of [...taken, `${low}-${high}`]) {
    const [first, last = first] = text.split("-").map(Number);
    available.fill(false, first, last! + 1);
  }
  return available;
}

/** Whether a port lies deep enough in a long enough run of available ports. */
function isGood(port: number, available: readonly boolean[]): boolean {
  let first = port;
  let last = port;
  while (available[first - 1]) first--;
  while (available[last + 1]) last++;
  return available[port] === true && port - first >= 3 && last - port >= 3 &&
    last - first + 1 >= 26;
}

const NAMES = Array.from({ length: 200 }, (_, at) => `site${at}.example/api`);

async function portsOf(
  store: string,
  names: readonly string[],
): Promise<number[]> {
  const { status, stdout, stderr } = await portFor([
    `--store=${store}`,
    ...names,
  ]);
  assertEquals([status, stderr], [0, ""]);
  return stdout.trimEnd().split("\n").map(Number);
}

Deno.test({
  name: "two hundred names get two hundred good ports and keep them",
  ignore: !isLinux,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.file("ports.toml");

    // In one call and in calls of their own.
    const ports = await portsOf(store, NAMES.slice(0, 190));
    for (const name of NAMES.slice(190)) {
      ports.push(...await portsOf(store, [name]));
    }

    assertEquals(ports.length, 200);
    assertEquals(new Set(ports).size, 200);
    const available = availablePorts();
    assertEquals(ports.filter((port) => !isGood(port, available)), []);
    assertEquals(await portsOf(store, NAMES), ports);
  },
});

Deno.test("another store gives nearly all names the same ports", async () => {
  using temp = new TempFolder();
  const one = await portsOf(temp.file("one.toml"), NAMES);
  const backwards = NAMES.toReversed();
  const other = await portsOf(temp.file("other.toml"), backwards);

  // Only names that want the same port, or whose port was in use for
  // a moment, may differ.
  const expected = new Map(NAMES.map((name, at) => [name, one[at]]));
  const same = backwards.filter((name, at) => other[at] === expected.get(name));
  assert(
    same.length >= 0.95 * NAMES.length,
    `only ${same.length} are the same`,
  );
});

/** Root makes a network namespace as it is, others within a user namespace. */
const UNSHARE = isLinux && Deno.uid() !== 0
  ? ["unshare", "--map-root-user", "--net"]
  : ["unshare", "--net"];
const canUnshare = isLinux && works(...UNSHARE, "true");

/** Runs the program where the ephemeral range is another. */
function withEphemeralRange(range: string): { prefix: string[] } {
  const script = `echo ${range} > ${RANGE_FILE} && exec "$@"`;
  return { prefix: [...UNSHARE, "sh", "-c", script, "sh"] };
}

Deno.test({
  name: "where the ephemeral range takes every port, the refusal counts them",
  ignore: !canUnshare,
  fn: async () => {
    using temp = new TempFolder();
    const { status, stdout, stderr } = await portFor(
      ["--store", temp.file("ports.toml"), "x"],
      withEphemeralRange("1024 65535"),
    );

    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, 'cannot find a port for "x"');
    assertStringIncludes(stderr, `1024-65535 (${RANGE_FILE})`);
    // Every port is counted once, under one reason.
    const counts = [...stderr.matchAll(/(\d+) (?:are|belong)/g)]
      .map(([, count]) => Number(count));
    assertEquals(counts.length, 3);
    assertEquals(counts.reduce((a, b) => a + b), 49151 - 1024 + 1);
    assert(!temp.names().includes("ports.toml"));
  },
});

Deno.test({
  name: "where the ephemeral range begins low, the port lies below it",
  ignore: !canUnshare,
  fn: async () => {
    using temp = new TempFolder();
    const { status, stdout } = await portFor(
      ["--store", temp.file("ports.toml"), "x"],
      withEphemeralRange("10000 65535"),
    );

    assertEquals(status, 0);
    const port = Number(stdout);
    assert(1024 <= port && port < 10000, `${port} is not below 10000`);
  },
});

Deno.test({
  name: "a range inside the ephemeral range leaves nothing to choose from",
  ignore: !canUnshare,
  fn: async () => {
    using temp = new TempFolder();
    const { status, stdout, stderr } = await portFor(
      ["--store", temp.file("ports.toml"), "--range", "32768-32800", "x"],
      withEphemeralRange("32768 60999"),
    );

    assertEquals([status, stdout], [2, ""]);
    assertStringIncludes(stderr, "--range 32768-32800 leaves no good port");
    assertStringIncludes(stderr, "32768-60999");
  },
});

Deno.test("a port that somebody listens on is passed over", async () => {
  using temp = new TempFolder();
  const [wanted] = await portsOf(temp.file("one.toml"), ["x"]);
  using _listener = Deno.listen({ hostname: "127.0.0.1", port: wanted! });

  const [port] = await portsOf(temp.file("other.toml"), ["x"]);
  assert(port !== wanted);
});
