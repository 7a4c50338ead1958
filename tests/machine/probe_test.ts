import { assert, assertEquals } from "@std/assert";
import { Prober, type Verdict } from "../../lib/machine/probe.ts";
import { portIsUsed } from "../../lib/machine/select.ts";
import type { BindResult, Runtime } from "../../lib/runtime/runtime.ts";
import {
  bareMachine,
  realMachine,
  systemError,
} from "../support/fake_runtime.ts";
import { freePort, hasIpv6, Holder } from "../support/holders.ts";
import {
  hasNamespaces,
  inNamespace,
  projectFile,
} from "../support/namespace.ts";
import { refused } from "../support/refused.ts";

const isLinux = Deno.build.os === "linux";

// Only Linux makes every holder known to whoever binds the wildcard addresses;
// only there is all of 127.0.0.0/8 this machine.
for (const host of ["127.0.0.1", "0.0.0.0", "::1", "::", "127.0.0.5"]) {
  Deno.test({
    name: `a port is used while a socket is on ${host}`,
    ignore: !isLinux || (host.includes(":") && !hasIpv6),
    fn: async () => {
      const port = await freePort();
      const used = async () => [
        await portIsUsed(port),
        await portIsUsed(port, { udp: true }),
      ];
      for (const kind of ["listening", "bound", "udp"] as const) {
        {
          await using _ = await Holder.of(port, kind, host);
          assertEquals(await used(), [kind !== "udp", true], kind);
        }
        assertEquals(await used(), [false, false]);
      }
    },
  });
}

Deno.test({
  name: "a probe leaves nobody on the port",
  ignore: !isLinux,
  fn: async () => {
    const port = await freePort();
    await portIsUsed(port, { udp: true });
    // These bind without SO_REUSEADDR, so they fail where anything is left,
    // even a connection that is closing. One at a time: they share the port.
    for (const host of hasIpv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"]) {
      await using _tcp = await Holder.of(port, "listening", host);
      await using _udp = await Holder.of(port, "udp", host);
    }
  },
});

// Some systems let two sockets share a port; only connecting finds those.
for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test({
    name: `who accepts connections on ${hostname} is found by connecting`,
    ignore: hostname === "::1" && !hasIpv6,
    fn: async () => {
      const port = await freePort();
      const shared = new Prober(realMachine({ bindTcp: () => "bound" }));
      assertEquals(await shared.verdict(port), "free");
      using _ = Deno.listen({ hostname, port });
      assertEquals(await shared.verdict(port), "held");
    },
  });
}

Deno.test("time is spent once on an address that does not answer", async () => {
  const asked: string[] = [];
  const prober = new Prober(bareMachine({
    os: "linux",
    bindTcp: () => "bound",
    connectTcp: (host) => {
      asked.push(host);
      return Promise.resolve(host === "::1" ? "timed out" : "refused");
    },
  }));
  assertEquals(await prober.verdict(29500), "free");
  assertEquals(await prober.verdict(29501), "free");
  assertEquals(asked, ["127.0.0.1", "::1", "127.0.0.1"]);
});

Deno.test("what accepts every connection says nothing, what accepts some is a holder", async () => {
  const accepting = (isProxy: boolean) =>
    bareMachine({
      os: "linux",
      bindTcp: () => "bound",
      connectTcp: () => Promise.resolve("accepted"),
      isIntercepted: () => Promise.resolve(isProxy),
    });
  assertEquals(await new Prober(accepting(true)).verdict(29500), "free");
  assertEquals(await new Prober(accepting(false)).verdict(29500), "held");
});

Deno.test("nobody is connected to whom binding has found", async () => {
  // This machine cannot connect, and says so when it is told to.
  const machine = bareMachine({ os: "linux", bindTcp: () => "in use" });
  assertEquals(await new Prober(machine).verdict(29500), "held");
});

const NO_IPV6 = { "::": "no address" } as const;
const DENIED = { "0.0.0.0": "denied", "::": "denied" } as const;

Deno.test("what binding says makes a verdict", async () => {
  for (
    const [results, verdict, port, os] of [
      [{ "::": "in use" }, "held", 29500, "linux"],
      [NO_IPV6, "free", 29500, "linux"],
      [{ ...NO_IPV6, "0.0.0.0": "in use" }, "held", 29500, "linux"],
      // Elsewhere than on Linux the loopback addresses are bound too.
      [{ "::1": "in use" }, "held", 29500, "darwin"],
      // A system port that may not be bound is judged by connecting.
      [DENIED, "free", 1023, "linux"],
      [DENIED, "forbidden", 1024, "linux"],
      [{ ...NO_IPV6, "0.0.0.0": "denied" }, "forbidden", 1024, "linux"],
      // An IP version that is forbidden as a whole is as good as not there.
      [{ "::": "denied" }, "free", 1024, "linux"],
      [{ "0.0.0.0": "denied", "::": "in use" }, "held", 1024, "linux"],
    ] satisfies [Record<string, BindResult>, Verdict, number, string][]
  ) {
    for (const udp of [false, true]) {
      const prober = new Prober(binding(results, os), { udp });
      const found = await prober.verdict(port);
      assertEquals(found, verdict, `${Deno.inspect(results)} ${port}`);
    }
  }
  const server = new Prober({
    ...binding(DENIED, "linux"),
    connectTcp: () => Promise.resolve("accepted"),
    isIntercepted: () => Promise.resolve(false),
  });
  assertEquals(await server.verdict(80), "held");
});

/** A machine where nobody listens, and binding an address has this result. */
function binding(
  results: Readonly<Record<string, BindResult>>,
  os: string,
): Runtime {
  const resultOn = (host: string) => results[host] ?? "bound";
  return realMachine({
    os,
    bindTcp: resultOn,
    bindUdp: (host) => Promise.resolve(resultOn(host)),
    connectTcp: () => Promise.resolve("refused"),
  });
}

Deno.test("what is not a port cannot be probed", async () => {
  for (const port of [0, -1, 65536, 80.5, NaN, Infinity]) {
    await refused("BAD_INPUT", () => portIsUsed(port));
  }
});

Deno.test("a machine that has no sockets left is an error, not an answer", async () => {
  const cause = systemError("EMFILE");
  const bindTcp = () => {
    throw cause;
  };
  const exhausted = new Prober(bareMachine({ os: "linux", bindTcp }));
  const error = await refused(
    "FAILED",
    () => exhausted.verdict(29500),
    "cannot probe port 29500",
  );
  assert(error.cause === cause);
});

Deno.test({
  name:
    "where IPv6 is off, or not even a loopback up, free and used are told apart",
  ignore: !hasNamespaces,
  fn: async () => {
    const probing = `
      import { portIsUsed } from ${projectFile("lib/machine/select.ts")};
      const used = [await portIsUsed(29500, { udp: true })];`;
    const withoutIpv6 = await inNamespace(
      "ip link set lo up; " +
        "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6",
      `${probing}
       Deno.listen({ hostname: "127.0.0.1", port: 29500 });
       used.push(await portIsUsed(29500));
       console.log(JSON.stringify(used));
       Deno.exit();`,
    );
    assertEquals(withoutIpv6, [false, true]);
    const log = `${probing} console.log(JSON.stringify(used));`;
    assertEquals(await inNamespace(":", log), [false]);
  },
});
