import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  ALL_PORTS,
  canReserve,
  FOREIGN,
  Machine,
  portsIn,
  QUIET,
  together,
} from "../support/machine.ts";

const ignore = !canReserve;

/** A store with a lease that has ended, the ports of which are reserved. */
function withEndedLease(machine: Machine, port: number): void {
  machine.temp.write(
    "ports.toml",
    `[ports]\njob = { port = ${port}, expires = 2020-01-01T00:00:00Z, ` +
      `reserved = "kernel" }\n`,
  );
}

Deno.test({
  name: "all ports of a block are reserved, and taken back",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({
      ephemeral: ALL_PORTS,
      reserved: FOREIGN,
    });
    const ports = (await machine.done("--reserve", "--count=5", "block"))
      .trim().split("\n").map(Number);
    const [first] = ports;
    assertEquals(ports, [0, 1, 2, 3, 4].map((at) => first! + at));
    assertEquals(machine.entries().get("block"), {
      port: first!,
      count: 5,
      reserved: "kernel",
    });
    assertEquals(await machine.kernel(), together(FOREIGN, ...ports));
    for (const port of ports) assert(portsIn(machine.file()).includes(port));

    await machine.done("--unbind=block");
    assertEquals(await machine.kernel(), FOREIGN);
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "a port that a user gives is reserved, whatever speaks against it",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    for (const port of [81, QUIET, 65535]) {
      const { status, stdout, stderr } = await machine.portFor(
        "--reserve",
        `--port=${port}`,
        `p${port}`,
      );
      assertEquals([status, stdout], [0, `${port}\n`]);
      const said = port === QUIET ? "" : `warning: port ${port} is`;
      assertStringIncludes(stderr, said);
      // That it is in the ephemeral range is what the user has seen to.
      assert(!stderr.includes("ephemeral"), stderr);
    }
    assertEquals(
      await machine.kernel(),
      together(FOREIGN, 81, QUIET, 65535),
    );
    assert(portsIn(machine.file()).includes(QUIET));
  },
});

Deno.test({
  name: "a name that was associated without --reserve is reserved later",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    machine.temp.write("ports.toml", `[ports]\ndb = ${QUIET} # ask Ops\n`);
    assertEquals(await machine.port("--reserve", "db"), QUIET);

    assertEquals(
      machine.temp.read("ports.toml"),
      `[ports]\ndb = { port = ${QUIET}, reserved = "kernel" } # ask Ops\n`,
    );
    assertEquals(await machine.kernel(), together(FOREIGN, QUIET));
    await machine.done("--unbind=db");
    assertEquals(await machine.kernel(), FOREIGN);
  },
});

Deno.test({
  name: "one name is reserved, others in the store are not",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    await machine.port("web");
    const port = await machine.port("--reserve", "db");
    assertEquals(await machine.kernel(), `${port}`);
    assertEquals(machine.entries().get("web")?.reserved, undefined);

    await machine.done("--unbind=web");
    assertEquals(await machine.kernel(), `${port}`);
  },
});

Deno.test({
  name: "the name of a directory is reserved until that is gone",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const folder = machine.temp.file("checkout");
    Deno.mkdirSync(folder);
    const there = ["sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", folder];
    const { status, stdout } = await machine.run(
      ...there,
      ...machine.program,
      "--reserve",
      "--here",
    );
    assertEquals(status, 0);
    assertEquals(await machine.kernel(), together(FOREIGN, stdout.trim()));

    Deno.removeSync(folder);
    await machine.done("--prune");
    assertEquals(await machine.kernel(), FOREIGN);
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "a lease is reserved, stays so when renewed, and goes with --prune",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const port = await machine.port("--reserve", "--ttl=1h", "job");
    assertEquals(await machine.port("--ttl=2h", "job"), port);
    assertEquals(machine.entries().get("job")?.reserved, "kernel");
    assertEquals(await machine.kernel(), together(FOREIGN, port));

    withEndedLease(machine, port);
    assertStringIncludes(await machine.done("--prune"), "job: dropped");
    assertEquals(await machine.kernel(), FOREIGN);
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "a lease that has ended keeps what it reserved until it is pruned",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    await machine.port("--reserve", `--port=${QUIET}`, "job");
    withEndedLease(machine, QUIET);
    const range = `--range=${QUIET}-${QUIET + 1}`;

    assertEquals(await machine.port(range, "other"), QUIET + 1);
    assertEquals(await machine.kernel(), `${QUIET}`);
    assertEquals(machine.entries().get("job")?.reserved, "kernel");

    // It has something to take away, and that is not said to be nothing.
    const { status, stderr } = await machine.portFor("--unbind=job");
    assertEquals([status, stderr], [0, ""]);
    assertEquals(await machine.kernel(), "");
  },
});

// Nobody would ever take back what no store knows of.
for (
  const [what, args] of [
    ["associated again", ["job"]],
    ["reserved again", ["--reserve", "job"]],
    ["leased again", ["--ttl=1h", "job"]],
    ["given another port", [`--port=${QUIET + 50}`, "job"]],
    ["imported", ["--import=job.conf"]],
    ["taken away", ["--unbind=job"]],
  ] as const
) {
  Deno.test({
    name: `nothing stays reserved for a lease that has ended and is ${what}`,
    ignore,
    fn: async () => {
      await using machine = await Machine.of({ reserved: FOREIGN });
      await machine.port("--reserve", `--port=${QUIET + 20}`, "job");
      withEndedLease(machine, QUIET + 20);
      machine.temp.write("job.conf", `[DEFAULT]\njob = ${QUIET + 30}\n`);
      await machine.portFor(
        ...args.map((arg) =>
          arg.replace("job.conf", machine.temp.file("job.conf"))
        ),
      );
      await machine.portFor("--unbind=job");
      await machine.portFor("--prune");

      assertEquals(machine.entries().size, 0);
      assertEquals(await machine.kernel(), FOREIGN);
      assertEquals(machine.file(), undefined);
    },
  });
}

Deno.test({
  name:
    "an ended lease with reserved ports is not what another port is asked for",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    for (const [option, wanted] of [["--port", QUIET + 9], ["--count", 3]]) {
      withEndedLease(machine, QUIET);
      const { status, stdout } = await machine.portFor(
        `${option}=${wanted}`,
        "job",
      );
      const entry = machine.entries().get("job");
      const isIt = option === "--port"
        ? stdout === `${wanted}\n` && entry?.port === wanted
        : entry?.count === wanted;
      assert(status === 1 || isIt, `${option}: ${stdout}`);
    }
  },
});

Deno.test({
  name: "two names never get one port by way of an ended lease on it",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    withEndedLease(machine, QUIET);
    // Either may be refused, but not both be done.
    const { status } = await machine.portFor(`--port=${QUIET}`, "db");
    const { stdout } = await machine.portFor("--ttl=1h", "job");

    assert(status === 1 || stdout !== `${QUIET}\n`);
    assertEquals((await machine.portFor("--list")).stderr, "");
  },
});

Deno.test({
  name: "a port stays reserved for its holder when an ended lease on it goes",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    await machine.port("--reserve", `--port=${QUIET}`, "job");
    withEndedLease(machine, QUIET);
    const { status } = await machine.portFor(
      "--reserve",
      `--port=${QUIET}`,
      "db",
    );
    await machine.done("--prune");
    if (status === 0) {
      assertEquals(await machine.kernel(), `${QUIET}`);
      assertEquals(machine.file(), `${QUIET}`);
      await machine.done("--unbind=db");
    }
    assertEquals(await machine.kernel(), "");
    assertEquals(machine.file(), undefined);
  },
});
