import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { canFail, failing } from "../support/failing_calls.ts";
import { isRoot } from "../support/namespace.ts";
import { Network } from "../support/network.ts";
import { asUser, NOBODY } from "../support/program.ts";
import { assertWarned, networkTest, Store } from "../support/store.ts";

/** What a message names as what may forbid it. */
const WHAT = ["SocketBindDeny=", "sandbox", "ip_unprivileged_port_start"];

for (const [code, errno] of [["EPERM", 1], ["EACCES", 13]] as const) {
  networkTest(
    `what may not be bound (${code}) is forbidden, and not in use`,
    async (network) => {
      using store = new Store("[ports]\nweb = 29502\nheld = 29500\n");
      const before = store.text;
      await network.hold({ port: 29500, how: "listening" });
      const forbidden = { prefix: failing(`bind=${errno}`) };
      const call = (...args: string[]) => store.callWith(forbidden, ...args);
      const refuses = async (args: string[], ...parts: string[]) => {
        const { status, stdout, stderr } = await call(...args);
        assertEquals([status, stdout], [1, ""], stderr);
        for (const part of [...parts, ...WHAT]) {
          assertStringIncludes(stderr, part);
        }
        assert(!stderr.includes("in use"), stderr);
      };

      await refuses(["new"], '"new"', "may not bind", "--port");
      await refuses(["--count=3", "new"], '"new"', "may not bind");
      await refuses(["--udp", "new"], '"new"', "may not bind");
      await refuses(["web", "--", "echo", "ran"], '"echo"', "29502", '"web"');
      assertEquals(store.text, before);

      const explained = await call("--explain=29502");
      assertEquals(explained.status, 1);
      for (const part of ["not for this process to bind", ...WHAT]) {
        assertStringIncludes(explained.stdout, part);
      }
      const inJson = await call("--explain=29502", "--json");
      const [facts] = JSON.parse(inJson.stdout);
      assertEquals([facts.free, facts.forbidden], [false, true]);
      const { stdout } = await call("--status", "--json");
      const states = JSON.parse(stdout).map(({ state }: { state: string }) =>
        state
      );
      assertEquals(states, ["forbidden", "forbidden"]);
      const check = await call("--check");
      assertStringIncludes(check.stdout, "port 29502");
      assertStringIncludes(check.stdout, "may not be bound by this process");
      const own = await call("--port=29504", "own");
      assertEquals([own.status, own.stdout], [0, "29504\n"]);
      assertWarned(own, "29504", ...WHAT);
    },
    canFail,
  );
}

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];

Deno.test({
  name: "ports that only privileged programs may bind are chosen by nobody",
  ignore: !isRoot,
  fn: async () => {
    using store = new Store("[ports]\nlow = 16828\n");
    const file = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    await using network = await Network.of(`echo 20000 >${file}`);
    const usual = await store.ports(...NAMES);
    assert(usual.some((port) => port < 20_000), "no name would tell");
    await store.print(...NAMES.map((name) => `--unbind=${name}`));
    store.network = network;

    // Root may, but the service that gets the port may be somebody else.
    const ports = await store.ports(...NAMES);
    for (const [at, port] of ports.entries()) {
      assert(port >= 20_000, `${port}`);
      if (usual[at]! >= 20_000) assertEquals(port, usual[at]);
    }
    const explained = await store.call("--explain=16828");
    assertStringIncludes(explained.stdout, `below 20000`);
    assertStringIncludes(explained.stdout, file);
    const check = await store.call("--check");
    assertEquals(check.status, 1);
    assertStringIncludes(check.stdout, `privileged programs only, by ${file}`);
    assertWarned(await store.call("--port=16830", "own"), "16830", file);
    await store.refuses(["--range=15000-16000", "x"], 2, "privileged", file);
    assertEquals(await store.print("low", "--", "echo", "ran"), "ran\n");

    // To a user they are forbidden.
    const user = await asUser(NOBODY, store);
    Deno.chmodSync(store.storePath, 0o644);
    const run = await store.callWith(user, "low", "--", "echo", "ran");
    assertEquals([run.status, run.stdout], [1, ""]);
    assertStringIncludes(run.stderr, "may not bind port 16828");
    assertStringIncludes(run.stderr, "ip_unprivileged_port_start");
    const status = await store.printWith(user, "--status");
    assertStringIncludes(status, "16828  forbidden");
    Deno.mkdirSync(store.file("mine"));
    Deno.chownSync(store.file("mine"), NOBODY, NOBODY);
    assertEquals(
      await store.printWith(user, "--store=mine/ports.toml", ...NAMES),
      ports.map((port) => `${port}\n`).join(""),
    );
  },
});
