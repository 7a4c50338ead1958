import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ExplainedPort, explainPort } from "../../main.ts";
import { freePort, Holder } from "../support/holders.ts";
import { Network } from "../support/network.ts";
import { LONG_AGO, networkTest as test, Store } from "../support/store.ts";

const SYSCTLS = "/proc/sys/net/ipv4";

/** What a test expects of a port: parts of its verdict, and of each fact. */
type Expected = readonly [
  port: number,
  verdict: string,
  ...facts: (readonly string[])[],
];

/** Asserts what ports are explained with, and the exit status. */
async function assertExplained(
  store: Store,
  ...expected: Expected[]
): Promise<void> {
  const args = expected.flatMap(([port]) => ["--explain", `${port}`]);
  const { status, stdout, stderr } = await store.call(...args);
  assertEquals(stderr, "");
  const texts = stdout.trimEnd().split("\n\n").map((text) => text.split("\n"));
  assertEquals(texts.length, expected.length);
  for (const [at, [port, verdict, ...facts]] of expected.entries()) {
    const [said, ...lines] = texts[at]!;
    assert(said!.startsWith(`${port}: ${verdict}`), said);
    let rest = lines;
    for (const parts of facts) {
      const its = rest.findIndex((fact) =>
        parts.every((part) => fact.includes(part))
      );
      assert(its >= 0, `not ${parts}: ${texts[at]!.join("\n")}`);
      rest = rest.toSpliced(its, 1);
    }
    // New data may have more to say of services.
    const others = rest.filter((fact) => !/IANA|well known/.test(fact));
    assertEquals(others, []);
  }
  const isGood = expected.every(([, verdict]) => verdict === "good and free");
  assertEquals(status, isGood ? 0 : 1);
}

const FREE = ["free"];

test("each port has a verdict, facts, and a part in the status", async (network) => {
  using store = new Store();
  const good = [29500, "good and free", FREE] as const;
  await assertExplained(store, good, [29501, "good and free", FREE]);

  const six = { port: 29501, how: "listening", host: "::1" } as const;
  const pid = await network.hold({ ...six, name: "six" });
  await network.hold({ port: 5432, how: "listening", name: "db" });
  await assertExplained(
    store,
    [29501, `good, but in use by six (pid ${pid})`, ["six", "::1"]],
    good,
    [
      5432,
      "not good, and in use by db ",
      ["assigned by IANA: postgresql", "(tcp, udp)"],
      ["well known: PostgreSQL"],
      ["db"],
    ],
  );
});

test("every reason why a port is not good is a line of its own", async () => {
  using store = new Store();
  const ephemeral = ["32768-60999", `${SYSCTLS}/ip_local_port_range`];
  const dynamic = ["dynamic range 49152-65535"];
  // What IANA and Wikipedia say of these does not change.
  await assertExplained(
    store,
    [
      80,
      "not good",
      ["assigned by IANA: http, World Wide Web HTTP (tcp, udp, sctp)"],
      ["assigned by IANA: www, World Wide Web HTTP (tcp, udp)"],
      ["assigned by IANA: www-http, World Wide Web HTTP (tcp, udp)"],
      ["well known: Hypertext Transfer Protocol (tcp, udp)"],
      ["system port"],
      ["free"],
    ],
    [11434, "not good", ["assigned by IANA: ollama, Ollama (tcp)"], FREE],
    [25565, "not good", ["well known: Minecraft (udp, tcp)"], FREE],
    // IANA names no transport for this range.
    [
      4250,
      "not good",
      ["IANA: vrml-multi-use, VRML Multi User Systems"],
      FREE,
    ],
    [40000, "not good", ["assigned by IANA: safetynetp"], ephemeral, FREE],
    [40002, "not good", ephemeral, FREE],
    [50000, "not good", dynamic, ephemeral, FREE],
    [61005, "not good", dynamic, FREE],
    [29172, "not good", ["29169", "assigned by IANA"], FREE],
    [25568, "not good", ["25565", "well known: Minecraft"], ["short"], FREE],
  );
});

test("the ephemeral range is the one that the network has now", async () => {
  await using network = await Network.of(
    `cd ${SYSCTLS}; echo 29180 29600 > ip_local_port_range; ` +
      "echo 29500-29560 > ip_local_reserved_ports",
  );
  using store = new Store();
  store.network = network;
  const short = ["too short", "29170-29179", "27 ports"];
  await assertExplained(
    store,
    [29175, "not good", short, FREE],
    [29179, "not good", ["29180"], short, FREE],
    [29300, "not good", ["29180-29600"], FREE],
    [29530, "not good", ["ip_local_reserved_ports"], FREE],
  );
});

test("a port says which name has it, be it within a block or a lease", async () => {
  using store = new Store(`[ports]
web = 29500
"a\\u202eb" = 29501
block = { port = 29510, count = 4, expires = 2999-12-01T00:00:00Z }
over = { port = 29520, expires = ${LONG_AGO} }
`);
  const block = ['"block"', "2999-12-01T00:00:00.000Z"];
  const verdict = "good and free";
  await assertExplained(
    store,
    [29500, verdict, ['"web"'], FREE],
    // Nothing that turns a terminal's text round gets to the terminal.
    [29501, verdict, ['"a\\u{202e}b"'], FREE],
    [29509, verdict, FREE],
    [29510, verdict, block, FREE],
    [29513, verdict, block, FREE],
    [29514, verdict, FREE],
    [29520, verdict, FREE],
  );
});

test("a port that the store's policy does not allow is not good", async () => {
  using store = new Store(
    '[policy]\nrange = "29000-29599"\nexclude = ["29510-29519"]\n',
  );
  await assertExplained(
    store,
    [29500, "good and free", FREE],
    [29515, "not good", ["[policy]"], FREE],
    [29700, "not good", ["[policy]"], FREE],
  );
});

Deno.test("a broken store is told of, and ports are explained all the same", async () => {
  using store = new Store("[ports\n");
  const { status, stdout, stderr } = await store.call(
    ...["--explain", "5432", "--json"],
  );

  assertEquals(status, 1);
  assertStringIncludes(stderr, store.storePath);
  const [explained] = JSON.parse(stdout) as [ExplainedPort];
  assertEquals(explained.assigned[0]?.name, "postgresql");
});

Deno.test("what is neither a port nor a name is a wrong command line", async () => {
  using store = new Store();
  for (const port of ["0", "65536", "http", "80-81", ""]) {
    await store.refuses([`--explain=${port}`], 2, "explain", `"${port}"`);
  }
});

Deno.test({
  name: "the library explains a port with the same data",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using store = new Store();
    // The library is called here, so the program is, too.
    store.network = undefined;
    const [free, held] = [await freePort(), await freePort()];
    await using _ = await Holder.of(held, "listening", "127.0.0.1");
    for (const port of [free, held, 5432, 61005]) {
      const { stdout } = await store.call("--explain", `${port}`, "--json");
      const [{ allowedByPolicy, ...explained }] = JSON.parse(stdout);
      assertEquals(allowedByPolicy, true);
      assertEquals(explained, await explainPort(port));
    }
  },
});
