import { assert, assertEquals, assertRejects } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import {
  portIsUsed,
  type ProbeOptions,
  Prober,
} from "../../lib/machine/probe.ts";
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

const isLinux = Deno.build.os === "linux";

Deno.test("a port that nobody holds is free", async () => {
  assertEquals(await portIsUsed(await freePort()), false);
});

// Only Linux makes every holder known to whoever binds the wildcard addresses;
// only there is all of 127.0.0.0/8 this machine.
for (const host of ["127.0.0.1", "0.0.0.0", "::1", "::", "127.0.0.5"]) {
  for (const kind of ["listening", "bound"] as const) {
    Deno.test({
      name: `a port is used while a TCP socket is ${kind} on ${host}`,
      ignore: !isLinux || (host.includes(":") && !hasIpv6),
      fn: async () => {
        const port = await freePort();
        {
          await using _ = await Holder.of(port, kind, host);
          assertEquals(await portIsUsed(port), true);
        }
        assertEquals(await portIsUsed(port), false);
      },
    });
  }

  Deno.test({
    name: `a UDP socket on ${host} counts only where UDP is asked about`,
    ignore: !isLinux || (host.includes(":") && !hasIpv6),
    fn: async () => {
      const port = await freePort();
      {
        await using _ = await Holder.of(port, "udp", host);
        assertEquals(await portIsUsed(port), false);
        assertEquals(await portIsUsed(port, { udp: true }), true);
      }
      assertEquals(await portIsUsed(port, { udp: true }), false);
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

Deno.test("a port is probed the same way any number of times", async () => {
  const port = await freePort();
  for (let time = 0; time < 20; time++) {
    assertEquals(await portIsUsed(port, { udp: true }), false);
  }
});

// Some systems let two sockets share a port; only connecting finds those.
for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test({
    name: `who accepts connections on ${hostname} is found by connecting`,
    ignore: hostname === "::1" && !hasIpv6,
    fn: async () => {
      const port = await freePort();
      const shared = realMachine({ bindTcp: () => "bound" });
      assertEquals(await probe(port, {}, shared), false);
      using _ = Deno.listen({ hostname, port });
      assertEquals(await probe(port, {}, shared), true);
    },
  });
}

/** Whether a machine says that a port is not free. */
async function probe(
  port: number,
  options: ProbeOptions,
  runtime: Runtime,
): Promise<boolean> {
  return await new Prober(runtime, options).verdict(port) !== "free";
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
  const used = await probe(
    29500,
    {},
    bareMachine({ os: "linux", bindTcp: () => "in use" }),
  );
  assertEquals(used, true);
});

Deno.test("elsewhere than on Linux the loopback addresses are bound too", async () => {
  const onlyLoopback = { ...binding({ "::1": "in use" }), os: "darwin" };
  assertEquals(await probe(29500, {}, onlyLoopback), true);
});

Deno.test("a holder on IPv6 alone is enough", async () => {
  assertEquals(await probe(29500, {}, binding({ "::": "in use" })), true);
});

Deno.test("a machine without IPv6 has free ports", async () => {
  const noIpv6 = { "::": "no address" } as const;
  assertEquals(await probe(29500, {}, binding(noIpv6)), false);
  assertEquals(await probe(29500, { udp: true }, binding(noIpv6)), false);
  const held = binding({ ...noIpv6, "0.0.0.0": "in use" });
  assertEquals(await probe(29500, {}, held), true);
});

Deno.test("a system port that may not be bound is judged by connecting", async () => {
  const denied = { "0.0.0.0": "denied", "::": "denied" } as const;
  for (const port of [80, 1023]) {
    assertEquals(await probe(port, {}, binding(denied)), false);
    assertEquals(await probe(port, { udp: true }, binding(denied)), false);
    const server = realMachine({
      ...binding(denied),
      connectTcp: () => Promise.resolve("accepted"),
      isIntercepted: () => Promise.resolve(false),
    });
    assertEquals(await probe(port, {}, server), true);
  }
});

Deno.test("any other port that may not be bound is forbidden", async () => {
  const verdict = (results: Readonly<Record<string, BindResult>>) =>
    new Prober(binding(results)).verdict(1024);
  assertEquals(
    await verdict({ "0.0.0.0": "denied", "::": "denied" }),
    "forbidden",
  );
  assertEquals(
    await verdict({ "0.0.0.0": "denied", "::": "no address" }),
    "forbidden",
  );
  // An IP version that is forbidden as a whole is as good as not there.
  assertEquals(await verdict({ "::": "denied" }), "free");
  assertEquals(await verdict({ "0.0.0.0": "denied", "::": "in use" }), "held");
});

/** A machine where nobody listens, and binding an address has this result. */
function binding(results: Readonly<Record<string, BindResult>>): Runtime {
  const resultOn = (host: string) => results[host] ?? "bound";
  return {
    ...realMachine({}),
    bindTcp: resultOn,
    bindUdp: (host) => Promise.resolve(resultOn(host)),
    connectTcp: () => Promise.resolve("refused"),
  };
}

Deno.test("what is no port cannot be probed", async () => {
  for (const port of [0, -1, 65536, 80.5, NaN, Infinity]) {
    const error = await assertRejects(() => portIsUsed(port), PortForError);
    assertEquals(error.code, "BAD_INPUT");
  }
});

Deno.test("a machine that has no sockets left is an error, not an answer", async () => {
  const cause = systemError("EMFILE");
  const exhausted = bareMachine({
    os: "linux",
    bindTcp: () => {
      throw cause;
    },
  });
  const error = await assertRejects(
    () => probe(29500, {}, exhausted),
    PortForError,
    "cannot probe port 29500",
  );
  assertEquals(error.code, "FAILED");
  assert(error.cause === cause);
});

Deno.test({
  name: "where IPv6 is switched off, free and used ports are told apart",
  ignore: !hasNamespaces,
  fn: async () => {
    const answers = await inNamespace(
      "ip link set lo up; " +
        "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6",
      `import { portIsUsed } from ${PROBE};
       const free = await portIsUsed(29500, { udp: true });
       Deno.listen({ hostname: "127.0.0.1", port: 29500 });
       console.log(JSON.stringify([free, await portIsUsed(29500)]));
       Deno.exit();`,
    );
    assertEquals(answers, [false, true]);
  },
});

Deno.test({
  name: "where not even a loopback is up, ports are free",
  ignore: !hasNamespaces,
  fn: async () => {
    const used = await inNamespace(
      ":",
      `import { portIsUsed } from ${PROBE};
       console.log(JSON.stringify(await portIsUsed(29500, { udp: true })));`,
    );
    assertEquals(used, false);
  },
});

const PROBE = projectFile("lib/machine/probe.ts");
