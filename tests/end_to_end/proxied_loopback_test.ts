import { assertEquals, assertStringIncludes } from "@std/assert";
import { Network } from "../support/network.ts";
import { isRoot } from "../support/namespace.ts";
import { Store } from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

const PROXY = 15001;

/** A network in which a NAT rule sends connections to one listener. */
async function redirecting(what: string): Promise<Network> {
  const network = await Network.of(
    "nft 'add table inet test; add chain inet test out " +
      "{ type nat hook output priority -100; }; " +
      `add rule inet test out ${what} redirect to :${PROXY}'`,
  );
  for (const host of ["127.0.0.1", "::1"]) {
    await network.hold({ port: PROXY, how: "listening", host });
  }
  return network;
}

const ignore = !isRoot || !hasTool("nft", "--version");

Deno.test({
  name: "where something in between accepts everything, no port is in use",
  ignore,
  fn: async () => {
    using store = new Store("[ports]\nweb = 29502\nheld = 29500\n");
    const [usual] = await store.ports("new");
    await store.print("--unbind", "new");
    await using network = await redirecting("meta l4proto tcp");
    store.network = network;
    const pid = await network.hold({ port: 29500, how: "bound" });

    assertEquals(await store.ports("new"), [usual!]);
    assertEquals(await store.print("web", "--", "echo", "ran"), "ran\n");
    assertStringIncludes(await store.print("--explain=29502"), "good and free");
    const status = await store.print("--status");
    assertStringIncludes(status, "29502  free\n");
    // Binding still tells.
    assertStringIncludes(status, `29500  in use by python3 (pid ${pid})`);
    await store.refuses(["held", "--", "true"], 1, "29500", `(pid ${pid})`);
  },
});

Deno.test({
  name: "a NAT rule for one port holds that port, though no socket does",
  ignore,
  fn: async () => {
    using store = new Store("[ports]\nweb = 29502\nfree = 29504\n");
    const [usual] = await store.ports("new");
    await store.print("--unbind", "new");
    await using network = await redirecting(`tcp dport { 29502, ${usual} }`);
    store.network = network;

    const [other] = await store.ports("new");
    assertEquals(other === usual, false);
    await store.refuses(["web", "--", "true"], 1, "29502", "in use");
    const { status, stdout } = await store.call("--explain=29502");
    assertEquals(status, 1);
    assertStringIncludes(stdout, "in use");
    assertEquals(await store.print("free", "--", "echo", "ran"), "ran\n");
  },
});
