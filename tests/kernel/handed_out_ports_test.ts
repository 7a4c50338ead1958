import { assert, assertEquals } from "@std/assert";
import { canServe, handOut, type Way } from "../support/handed_out_ports.ts";
import {
  ALL_PORTS,
  allAtOnce,
  type Machine,
  onMachine,
} from "../support/machine.ts";

const WAYS: readonly Way[] = ["bind", "bind UDP", "connect"];
const HOSTS = ["127.0.0.1", "::1"];

/** Sets the ephemeral range. */
function setRange(
  machine: Machine,
  low: number,
  high: number,
): Promise<string> {
  return machine.shell(
    `echo ${low} ${high} > /proc/sys/net/ipv4/ip_local_port_range`,
  );
}

onMachine(
  "the kernel hands out every port of its range but a reserved one, which " +
    "a server can still listen on",
  { ephemeral: ALL_PORTS },
  async (machine) => {
    const port = await machine.port("--reserve", "db");
    for (const host of HOSTS) assert(await canServe(machine, host, port), host);

    // To use up a large range takes the kernel minutes; of an odd number of
    // ports it would leave one out.
    const [low, high] = [port - 250, port + 249];
    await setRange(machine, low, high);
    const all = Array.from({ length: high - low + 1 }, (_, at) => low + at);
    const others = all.filter((one) => one !== port);
    const assertHandedOut = async (expected: readonly number[]) => {
      for (const way of WAYS) {
        for (const host of HOSTS) {
          const { ports } = await handOut(machine, way, host);
          assertEquals(ports, expected, `${way} on ${host}`);
        }
      }
    };
    await assertHandedOut(others);
    await machine.done("--unbind=db");
    await assertHandedOut(all);
  },
);

onMachine(
  "none of 60,000 outgoing connections gets a reserved port",
  { ephemeral: ALL_PORTS },
  async (machine) => {
    const port = await machine.port("--reserve", "db");
    // Outgoing connections get every second port, from the lowest on.
    await setRange(machine, 1024 + port % 2, 65535);
    const connections = await allAtOnce(
      HOSTS.map((host) => handOut(machine, "connect", host, { count: 30_000 })),
    );
    for (const { sockets, ports } of connections) {
      assertEquals(sockets, 30_000);
      assert(ports.length > 10_000, `${ports.length}`);
      assertEquals(ports.includes(port), false);
    }

    await machine.done("--unbind=db");
    // Without the reservation one of them gets it, sooner or later.
    const { ports } = await handOut(machine, "connect", "127.0.0.1", {
      count: 500_000,
      until: port,
    });
    assert(ports.includes(port));
  },
);
