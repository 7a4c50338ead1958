import { assert, assertEquals } from "@std/assert";
import fs from "node:fs";
import {
  LONE_PORT,
  LOST_ADDRESS,
  PROXIED_PORT,
  PROXY_PORT,
  type RuntimeCase,
} from "./case.ts";
import {
  freePort,
  hungUpOn,
  listening,
  udpBound,
  WILDCARDS,
} from "./sockets.ts";

/** What the interface promises of sockets. */
export const SOCKET_CASES: readonly RuntimeCase[] = [
  {
    name: "bindTcp finds a holder by way of the wildcard address",
    async run(runtime) {
      for (const [wildcard, loopback] of WILDCARDS) {
        for (const host of [wildcard, loopback]) {
          await using held = await listening(host);
          for (const on of [wildcard, loopback]) {
            const found = await runtime.bindTcp(on, held.port);
            assertEquals(found, "in use", `${host}, ${on}`);
          }
        }
      }
    },
  },
  {
    name: "bindTcp binds a free port, and lets go of it",
    async run(runtime) {
      const port = await freePort();
      for (const host of WILDCARDS.flat()) {
        assertEquals(await runtime.bindTcp(host, port), "bound", host);
        assertEquals(await runtime.bindTcp(host, port), "bound", host);
      }
      for (const [wildcard] of WILDCARDS) {
        await using held = await listening(wildcard, port);
        assertEquals(held.port, port);
      }
    },
  },
  {
    name: "bindTcp says that the machine does not have an address",
    async run(runtime) {
      const port = await freePort();
      // Addresses for documentation: no machine has them.
      assertEquals(await runtime.bindTcp("192.0.2.1", port), "no address");
      assertEquals(await runtime.bindTcp("2001:db8::1", port), "no address");
    },
  },
  {
    name: "bindTcp and bindUdp say that a port may not be bound",
    only: "user",
    async run(runtime) {
      const from = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
      if (Number(fs.readFileSync(from, "utf8")) < 2) return;
      assertEquals(await runtime.bindTcp("0.0.0.0", 1), "denied");
      assertEquals(await runtime.bindUdp("0.0.0.0", 1), "denied");
    },
  },
  {
    name: "bindTcp binds a port whose last connections are not forgotten yet",
    async run(runtime) {
      const server = await listening("127.0.0.1");
      const { port } = server;
      await hungUpOn("127.0.0.1", port);
      await server[Symbol.asyncDispose]();
      const hex = port.toString(16).toUpperCase().padStart(4, "0");
      // The side that hung up first is in TIME_WAIT, state 6.
      const table = fs.readFileSync("/proc/net/tcp", "utf8");
      assert(new RegExp(`:${hex} 0100007F:.{4} 06`).test(table), table);
      for (const [wildcard] of WILDCARDS) {
        assertEquals(await runtime.bindTcp(wildcard, port), "bound");
      }
    },
  },
  {
    name: "bindUdp finds a holder by way of the wildcard address",
    async run(runtime) {
      for (const [wildcard, loopback] of WILDCARDS) {
        for (const host of [wildcard, loopback]) {
          await using held = await udpBound(host);
          assertEquals(await runtime.bindUdp(wildcard, held.port), "in use");
          assertEquals(await runtime.bindUdp(loopback, held.port), "in use");
        }
      }
    },
  },
  {
    name: "bindUdp binds a free port, and has let go of it when it returns",
    async run(runtime) {
      const port = await freePort();
      for (const host of WILDCARDS.flat()) {
        assertEquals(await runtime.bindUdp(host, port), "bound", host);
        assertEquals(
          await runtime.bindUdp(host, port),
          "bound",
          `${host} again`,
        );
      }
    },
  },
  {
    name: "bindUdp does not mind who holds the TCP port",
    async run(runtime) {
      await using held = await listening("0.0.0.0");
      assertEquals(await runtime.bindUdp("0.0.0.0", held.port), "bound");
    },
  },
  {
    name: "bindUdp says that the machine does not have an address",
    async run(runtime) {
      const port = await freePort();
      assertEquals(await runtime.bindUdp("192.0.2.1", port), "no address");
      assertEquals(await runtime.bindUdp("2001:db8::1", port), "no address");
    },
  },
  {
    name: "connectTcp says whether somebody accepts",
    async run(runtime) {
      for (const [, host] of WILDCARDS) {
        const held = await listening(host);
        const { port } = held;
        assertEquals(await runtime.connectTcp(host, port, 5000), "accepted");
        await held[Symbol.asyncDispose]();
        assertEquals(await runtime.connectTcp(host, port, 5000), "refused");
      }
    },
  },
  {
    name: "connectTcp is not fooled by a socket that connects to itself",
    only: "network",
    async run(runtime) {
      for (const host of ["127.0.0.1", "::1"]) {
        const answer = await runtime.connectTcp(host, LONE_PORT, 5000);
        assertEquals(answer, "refused");
      }
    },
  },
  {
    name: "connectTcp waits no longer than it is told to",
    only: "network",
    async run(runtime) {
      const start = performance.now();
      const answer = await runtime.connectTcp(LOST_ADDRESS, 80, 300);
      assertEquals(answer, "timed out");
      const took = performance.now() - start;
      assert(took > 290, `${took} ms`);
    },
  },
  {
    name:
      "isIntercepted is false where a connection arrives, or nobody may listen",
    async run(runtime) {
      const port = await freePort();
      for (const [, host] of WILDCARDS) {
        assertEquals(await runtime.isIntercepted(host, port, 5000), false);
        // It has let go of the port.
        await using held = await listening(host, port);
        assertEquals(await runtime.isIntercepted(host, held.port, 5000), false);
      }
    },
  },
  {
    name: "isIntercepted is true where a rule has somebody else accept",
    only: "proxied",
    async run(runtime) {
      await using _ = await listening("127.0.0.1", PROXY_PORT);
      for (const port of [PROXIED_PORT, PROXIED_PORT + 2]) {
        const found = await runtime.isIntercepted("127.0.0.1", port, 5000);
        assertEquals(found, port === PROXIED_PORT, `${port}`);
      }
    },
  },
  {
    name: "connectTcp takes an address that cannot be reached for refused",
    only: "network",
    async run(runtime) {
      // There is no way to it in that network.
      assertEquals(await runtime.connectTcp("192.0.2.1", 80, 5000), "refused");
    },
  },
];
