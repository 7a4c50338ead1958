import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { explainPort } from "../../main.ts";
import { freePort, Holder } from "../support/holders.ts";
import { portFor } from "../support/program.ts";
import { explainedPorts, read } from "../support/json.ts";
import { hasNetworks, Network } from "../support/network.ts";
import { TempFolder } from "../support/temp.ts";

const NO_STORE = ["--store", "/nonexistent/ports.toml"];

const SYSCTLS = "/proc/sys/net/ipv4";

/** Where the ephemeral range of a network was read. */
const SOURCE = `${SYSCTLS}/ip_local_port_range`;

/** Explains ports, and parts what it says port by port. */
async function explained(
  network: Network,
  ports: readonly number[],
  where = NO_STORE,
): Promise<{ status: number; verdicts: string[]; facts: string[][] }> {
  const args = ports.flatMap((port) => ["--explain", `${port}`]);
  const { status, stdout, stderr } = await network.portFor([...where, ...args]);
  assertEquals(stderr, "");
  const texts = stdout.split("\n\n").map((text) => text.trimEnd().split("\n"));
  return {
    status,
    verdicts: texts.map(([verdict]) => verdict!),
    facts: texts.map(([, ...facts]) => facts),
  };
}

const FREE = "  free: it can be bound on every local address";

Deno.test({
  name: "a good port that is free has a verdict, a fact and status 0",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    assertEquals(await explained(network, [29500, 29501]), {
      status: 0,
      verdicts: ["29500: good and free", "29501: good and free"],
      facts: [[FREE], [FREE]],
    });
  },
});

Deno.test({
  name: "one port that is not good or not free is enough for status 1",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const bad = await explained(network, [29500, 80]);
    assertEquals([bad.status, bad.verdicts], [
      1,
      ["29500: good and free", "80: not good"],
    ]);
    const pid = await network.hold({
      port: 29501,
      how: "listening",
      host: "::1",
      name: "six",
    });
    await network.hold({
      port: 80,
      how: "listening",
      host: "127.0.0.1",
      name: "web",
    });
    const used = await explained(network, [29501, 29500, 80]);
    assertEquals(used.status, 1);
    assertEquals(used.verdicts.slice(0, 2), [
      `29501: good, but in use by six (pid ${pid})`,
      "29500: good and free",
    ]);
    assert(used.verdicts[2]!.startsWith("80: not good, and in use by web "));
  },
});

Deno.test({
  name: "every reason why a port is not good is a line of its own",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const ephemeral = `  in the ephemeral range 32768-60999 (${SOURCE}): ` +
      "the system may hand it out at any time";
    const dynamic = "  in the dynamic range 49152-65535: never a place for a " +
      "service";
    // What IANA and Wikipedia say of these does not change.
    const reasons = new Map<number, readonly string[]>([
      [80, [
        "  assigned by IANA: http, World Wide Web HTTP (tcp, udp, sctp)",
        "  assigned by IANA: www, World Wide Web HTTP (tcp, udp)",
        "  assigned by IANA: www-http, World Wide Web HTTP (tcp, udp)",
        "  well known: Hypertext Transfer Protocol (tcp, udp)",
        "  a system port (0-1023): only privileged programs may bind it",
      ]],
      [8080, [
        "  assigned by IANA: http-alt, HTTP Alternate (see port 80) (tcp, udp)",
        "  well known: Apache Tomcat (tcp)",
      ]],
      [5432, [
        "  assigned by IANA: postgresql, PostgreSQL Database (tcp, udp)",
        "  well known: PostgreSQL (tcp, udp)",
      ]],
      [11434, ["  assigned by IANA: ollama, Ollama (tcp)"]],
      [25565, ["  well known: Minecraft (udp, tcp)"]],
      // IANA names no transport for this range.
      [4250, ["  assigned by IANA: vrml-multi-use, VRML Multi User Systems"]],
      [6010, ["  assigned by IANA: x11, X Window System (tcp, udp)"]],
      [40000, [
        "  assigned by IANA: safetynetp, SafetyNET p (tcp, udp)",
        ephemeral,
      ]],
      [40002, [ephemeral]],
      [50000, [dynamic, ephemeral]],
      [61005, [dynamic]],
    ]);
    const { verdicts, facts } = await explained(network, [...reasons.keys()]);
    for (const [index, [port, expected]] of [...reasons].entries()) {
      assertEquals(verdicts[index], `${port}: not good`);
      for (const fact of expected) assert(facts[index]!.includes(fact), fact);
      const last = port < 1024 ? "  free: nobody holds it" : FREE;
      assertEquals(facts[index]!.at(-1), last);
    }
    assertEquals(facts.at(-1), [dynamic, FREE]);
  },
});

Deno.test({
  name: "the ephemeral range is the one that the network has now",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of(
      `cd ${SYSCTLS}; echo 29180 29600 > ip_local_port_range; ` +
        "echo 29500-29560 > ip_local_reserved_ports",
    );
    const { status, verdicts, facts } = await explained(network, [
      29175,
      29179,
      29300,
      29530,
    ]);
    assertEquals(status, 1);
    assertEquals(verdicts, [
      "29175: not good",
      "29179: not good",
      "29300: not good",
      "29530: good and free",
    ]);
    const short =
      "  in a range too short: only 29170-29179 is available here " +
      "(27 ports are needed)";
    assertEquals(facts[0], [short, FREE]);
    assertEquals(facts[1]!.slice(1), [short, FREE]);
    assertStringIncludes(facts[1]![0]!, "  too near to 29180, which is ");
    assertEquals(facts[2], [
      `  in the ephemeral range 29180-29600 (${SOURCE}): the system may hand ` +
      "it out at any time",
      FREE,
    ]);
    assertEquals(facts[3]!.length, 2);
    assertStringIncludes(facts[3]![0]!, "reserved in the kernel");
  },
});

Deno.test({
  name: "a port next to a claimed one is explained by that one and its service",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const { facts } = await explained(network, [29172, 25568]);
    assertStringIncludes(
      facts[0]![0]!,
      "  too near to 29169, which is assigned by IANA: ",
    );
    assertStringIncludes(
      facts[1]![0]!,
      "  too near to 25565, which is well known: Minecraft",
    );
  },
});

Deno.test({
  name: "a port says which name has it, be it within a block or a lease",
  ignore: !hasNetworks,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write(
      "ports.toml",
      `[ports]
web = 29500
"a\\u202eb" = 29501
block = { port = 29510, count = 4, expires = 2999-12-01T00:00:00Z }
over = { port = 29520, expires = 2020-01-01T00:00:00Z }
`,
    );
    await using network = await Network.of();
    const ports = [29500, 29501, 29509, 29510, 29513, 29514, 29520];
    const { facts } = await explained(network, ports, ["--store", store]);
    const block = '  associated with "block" until 2999-12-01T00:00:00.000Z';
    assertEquals(facts, [
      ['  associated with "web"', FREE],
      // Nothing that turns a terminal's text round gets to the terminal.
      ['  associated with "a\\u{202e}b"', FREE],
      [FREE],
      [block, FREE],
      [block, FREE],
      [FREE],
      [FREE],
    ]);
  },
});

Deno.test({
  name: "a port that the store's policy does not allow is not good",
  ignore: !hasNetworks,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write(
      "ports.toml",
      '[policy]\nrange = "29000-29599"\nexclude = ["29510-29519"]\n',
    );
    await using network = await Network.of();
    const where = ["--store", store];
    const { verdicts, facts } = await explained(
      network,
      [29500, 29515, 29700],
      where,
    );
    assertEquals(verdicts, [
      "29500: good and free",
      "29515: not good",
      "29700: not good",
    ]);
    assertEquals(facts[0], [FREE]);
    for (const port of [1, 2]) assert(facts[port]![0]!.includes("[policy]"));
  },
});

Deno.test("a broken store is told of, and ports are explained all the same", async () => {
  using temp = new TempFolder();
  const store = temp.write("ports.toml", "[ports\n");
  const { status, stdout, stderr } = await portFor([
    ...["--store", store, "--explain", "5432", "--json"],
  ]);
  assertEquals(status, 1);
  assertStringIncludes(stderr, "port-for: cannot use the store ");
  const [explanation] = read(explainedPorts, stdout);
  assertEquals(explanation?.assigned[0]?.name, "postgresql");
});

Deno.test("what is no port is a wrong command line", async () => {
  for (const port of ["0", "65536", "http", "80-81"]) {
    const { status, stdout, stderr } = await portFor(["--explain", port]);
    assertEquals([status, stdout], [2, ""]);
    assertStringIncludes(stderr, `cannot read --explain "${port}"`);
  }
});

Deno.test({
  name: "the library explains a port with the same data",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const [free, held] = [await freePort(), await freePort()];
    await using _ = await Holder.of(held, "listening", "127.0.0.1");
    for (const port of [free, held, 5432, 61005]) {
      const { stdout } = await portFor([
        ...[...NO_STORE, "--explain", `${port}`, "--json"],
      ]);
      const [{ allowedByPolicy, ...explanation }] = JSON.parse(stdout);
      assertEquals(allowedByPolicy, true);
      assertEquals(explanation, await explainPort(port));
    }
  },
});
