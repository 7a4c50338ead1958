import { assert, assertEquals } from "@std/assert";
import { Network } from "../support/network.ts";
import { isRoot } from "../support/namespace.ts";
import { Store } from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

/** To wait for an answer on each of these ports would take seconds. */
const BLOCK = ["--count=100", "block"];

/** How long a call on them may take. */
const LONGEST_MS = 2500;

/** Asserts that a call takes no longer than that. */
async function quickly<T>(call: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const answer = await call();
  const took = performance.now() - start;
  assert(took < LONGEST_MS, `it took ${took} ms`);
  return answer;
}

for (
  const [what, rule] of [
    ["everything on loopback", "iif lo drop"],
    ["what begins a connection on loopback", "iif lo tcp flags syn drop"],
    ["127.0.0.1", "ip daddr 127.0.0.1 drop"],
    ["::1", "ip6 daddr ::1 drop"],
  ] as const
) {
  Deno.test({
    name: `a firewall that drops ${what} costs a call a moment, not a name`,
    ignore: !isRoot || !hasTool("nft", "--version"),
    fn: async () => {
      await using network = await Network.of(
        "nft 'add table inet test; add chain inet test in " +
          `{ type filter hook input priority 0; }; add rule inet test in ${rule}'`,
      );
      // A listener that the firewall hides is found by binding, too.
      await network.hold({ port: 29500, how: "listening" });
      using store = new Store("[ports]\nheld = 29500\nweb = 29502\n");
      const usual = await store.print(...BLOCK);
      await store.print("--unbind=block");
      store.network = network;

      assertEquals(await quickly(() => store.print(...BLOCK)), usual);
      const status = await quickly(() => store.print("--status", "--json"));
      const states = JSON.parse(status).map(({ state }: { state: string }) =>
        state
      );
      assertEquals(states, ["in use", "free", "free"]);
      await store.refuses(["held", "--", "true"], 1, "29500", "in use");
      assertEquals(await store.print("web", "--", "echo", "ran"), "ran\n");
    },
  });
}
