import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  FOREIGN,
  type Machine,
  onMachine,
  QUIET,
  together,
} from "../support/machine.ts";

/** A store with a lease that has ended, the ports of which are reserved. */
function endLease(machine: Machine, port: number): void {
  machine.temp.write(
    "ports.toml",
    `[ports]\njob = { port = ${port}, expires = 2020-01-01T00:00:00Z, ` +
      `reserved = "kernel" }\n`,
  );
}

onMachine(
  "a lease is reserved, stays so when renewed, and goes with --prune",
  { reserved: FOREIGN },
  async (machine) => {
    const port = await machine.port("--reserve", "--ttl=1h", "job");
    assertEquals(await machine.port("--ttl=2h", "job"), port);
    assertEquals(machine.entries().get("job")?.reserved, "kernel");
    assertEquals(await machine.kernel(), together(FOREIGN, port));

    endLease(machine, port);
    assertStringIncludes(await machine.done("--prune"), "job");
    await machine.assertReserves(FOREIGN);
  },
);

onMachine(
  "a lease that has ended keeps what it reserved until it is pruned",
  {},
  async (machine) => {
    await machine.port("--reserve", `--port=${QUIET}`, "job");
    endLease(machine, QUIET);
    const range = `--range=${QUIET}-${QUIET + 1}`;
    assertEquals(await machine.port(range, "other"), QUIET + 1);
    assertEquals(await machine.kernel(), `${QUIET}`);
    assertEquals(machine.entries().get("job")?.reserved, "kernel");

    // It has something to take away, and that is not said to be nothing.
    await machine.done("--unbind=job");
    await machine.assertReserves("");
  },
);

onMachine(
  "nothing stays reserved for a lease that has ended, whatever is done to it",
  { reserved: FOREIGN },
  async (machine) => {
    const conf = machine.temp.write("job.conf", "[DEFAULT]\njob = 29500\n");
    for (
      const args of [
        ["job"],
        ["--reserve", "job"],
        ["--ttl=1h", "job"],
        [`--port=${QUIET + 50}`, "job"],
        [`--import=${conf}`],
        ["--unbind=job"],
      ]
    ) {
      await machine.port("--reserve", `--port=${QUIET + 20}`, "job");
      endLease(machine, QUIET + 20);
      await machine.portFor(...args);
      await machine.portFor("--unbind=job");
      await machine.portFor("--prune");
      assertEquals(machine.entries().size, 0, `${args}`);
      // Nobody would ever take back what no store knows of.
      await machine.assertReserves(FOREIGN);
    }
  },
);

onMachine(
  "an ended lease is not what another port or count is asked for",
  {},
  async (machine) => {
    endLease(machine, QUIET);
    const port = await machine.portFor(`--port=${QUIET + 9}`, "job");
    const given = machine.entries().get("job")?.port;
    assert(port.status === 1 || given === QUIET + 9, port.stdout);
    endLease(machine, QUIET);
    const block = await machine.portFor("--count=3", "job");
    const count = machine.entries().get("job")?.count;
    assert(block.status === 1 || count === 3, block.stdout);

    // Two names never get one port: either may be refused, but not both done.
    endLease(machine, QUIET);
    const { status } = await machine.portFor(`--port=${QUIET}`, "db");
    const { stdout } = await machine.portFor("--ttl=1h", "job");
    assert(status === 1 || stdout !== `${QUIET}\n`);
    assertEquals((await machine.portFor("--list")).stderr, "");
  },
);

onMachine(
  "a port stays reserved for its holder when an ended lease on it goes",
  {},
  async (machine) => {
    const args = ["--reserve", `--port=${QUIET}`];
    await machine.port(...args, "job");
    endLease(machine, QUIET);
    const { status } = await machine.portFor(...args, "db");
    await machine.done("--prune");
    if (status === 0) {
      await machine.assertReserves(`${QUIET}`, `${QUIET}`);
      await machine.done("--unbind=db");
    }
    await machine.assertReserves("");
  },
);
