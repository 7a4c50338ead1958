import { assertEquals, assertStringIncludes } from "@std/assert";
import { canFail, failing } from "../support/failing_calls.ts";
import { networkTest, Store } from "../support/store.ts";

const AF_INET6 = 10;
const EAFNOSUPPORT = 97;

/** A kernel without IPv6, or a unit with RestrictAddressFamilies=AF_INET AF_UNIX. */
const NO_IPV6 = { prefix: failing(`socket:${AF_INET6}=${EAFNOSUPPORT}`) };

networkTest(
  "without IPv6 everything works, and holders are found",
  async (network) => {
    using store = new Store("[ports]\nheld = 29500\nweb = 29502\n");
    const pid = await network.hold({ port: 29500, how: "listening" });
    const print = (...args: string[]) => store.printWith(NO_IPV6, ...args);

    const status = await print("--status");
    assertStringIncludes(status, `(pid ${pid})`);
    assertStringIncludes(status, "29502  free\n");
    assertStringIncludes(await print("--explain=29502"), "good and free");
    assertEquals(await print("--port=29503", "own"), "29503\n");
    assertEquals(await print("--udp", "--port=29504", "dns"), "29504\n");
    const block = (await print("--count=3", "block")).split("\n").map(Number);
    assertEquals(block[2], block[0]! + 2);
    assertEquals(await print("web", "--", "echo", "{web}"), "29502\n");
    // The choice is the same as with IPv6.
    const chosen = await print("new");
    await print("--unbind", "new");
    assertEquals(await store.print("new"), chosen);
  },
  canFail,
);
