import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  ALL_PORTS,
  canReserve,
  FILE_NAME,
  FOREIGN,
  Machine,
  portsIn,
  QUIET,
  together,
} from "../support/machine.ts";

const ignore = !canReserve;

Deno.test({
  name: "ports that a site has reserved by itself are good ones",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({
      ephemeral: ALL_PORTS,
      reserved: "20000-20999",
    });
    const ports = [];
    for (const name of ["web", "db", "cache"]) {
      ports.push(await machine.port(name));
    }

    assertEquals(new Set(ports).size, 3);
    for (const port of ports) assert(port > 20000 && port < 20999, `${port}`);
    assertEquals(await machine.kernel(), "20000-20999");
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "a port is reserved in the kernel, in one file, and noted in the store",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const port = await machine.port("--reserve", "db");

    assertEquals(await machine.kernel(), together(FOREIGN, port));
    assert(portsIn(machine.file()).includes(port));
    assertEquals(machine.entries().get("db"), { port, reserved: "kernel" });
    const text = machine.temp.read(`sysctl.d/${FILE_NAME}`);
    assertStringIncludes(text, "# Written by port-for");
    // The lock is no file that sysctl reads.
    assertEquals(
      [...Deno.readDirSync(machine.sysctlFolder)].map(({ name }) => name)
        .filter((name) => name.endsWith(".conf")),
      [FILE_NAME],
    );
  },
});

Deno.test({
  name: "what was reserved is so again after a reboot",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    machine.writeForeignFile("50-app.conf", FOREIGN);
    await machine.reboot();
    const port = await machine.port("--reserve", "db");
    await machine.reboot();

    assertEquals(await machine.kernel(), together(FOREIGN, port));
    assertEquals(
      await machine.shell(`sysctl --load=$PORT_FOR_SYSCTL_DIR/${FILE_NAME}`),
      `net.ipv4.ip_local_reserved_ports = ${together(FOREIGN, port)}\n`,
    );
  },
});

Deno.test({
  name: "without a name --reserve changes nothing where nothing is reserved",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    await machine.port("web");
    const before = await machine.state();

    assertEquals(await machine.done("--reserve"), "");
    assertEquals(await machine.state(), before);
  },
});

Deno.test({
  name: "a second call with --reserve prints the same and changes nothing",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const port = await machine.port("--reserve", "db");
    const before = await machine.state();

    assertEquals(await machine.port("--reserve", "db"), port);
    assertEquals(await machine.port("db"), port);
    assertEquals(await machine.state(), before);
  },
});

Deno.test({
  name: "taking a name away takes back what was added for it, and no more",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    machine.writeForeignFile("50-app.conf", FOREIGN);
    const web = await machine.port("--reserve", "web");
    const before = await machine.state();
    await machine.port("--reserve", "db");
    await machine.done("--unbind=db");
    assertEquals(await machine.state(), before);

    assertEquals(before.file, together(FOREIGN, web));
    await machine.done("--unbind=web");
    assertEquals(await machine.kernel(), FOREIGN);
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "several names are reserved, and taken away, by one call",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const ports = (await machine.done("--reserve", "web", "db", "web"))
      .trim().split("\n");
    assertEquals(ports[0], ports[2]);
    assertEquals(await machine.kernel(), together(FOREIGN, ...ports));
    for (const port of ports) {
      assert(portsIn(machine.file()).includes(Number(port)));
    }

    await machine.done("--unbind=web", "--unbind=db");
    assertEquals(await machine.kernel(), FOREIGN);
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "where the ephemeral range leaves no port, --reserve is the way out",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ ephemeral: ALL_PORTS });
    const refused = await machine.portFor("db");
    assertEquals([refused.status, refused.stdout], [1, ""]);
    assertStringIncludes(refused.stderr, "--reserve");
    assertEquals(machine.entries().size, 0);

    const port = await machine.port("--reserve", "db");
    assertEquals(await machine.kernel(), `${port}`);
    assertEquals(await machine.port("db"), port);
  },
});

Deno.test({
  name: "--reserve chooses the port that is chosen without it, if there is one",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    const port = await machine.port("db");
    await machine.done("--unbind=db");

    assertEquals(await machine.port("--reserve", "db"), port);
  },
});

Deno.test({
  name:
    "--reserve reaches into the ephemeral range only when nothing else is left",
  ignore,
  fn: async () => {
    // What the site has reserved makes a range of its own, with borders of three
    // ports; two good ports are left of it, and then what the kernel hands out.
    await using machine = await Machine.of({
      ephemeral: ALL_PORTS,
      reserved: `${QUIET}-${QUIET + 99}`,
    });
    const cuts = [
      `--range=${QUIET + 3}-${QUIET + 110}`,
      `--exclude=${QUIET + 5}-${QUIET + 96}`,
    ];
    const first = await machine.port("--reserve", ...cuts, "first");
    const second = await machine.port("--reserve", ...cuts, "second");
    assertEquals([first, second].sort(), [QUIET + 3, QUIET + 4]);
    assertEquals((await machine.portFor(...cuts, "third")).status, 1);

    const third = await machine.port("--reserve", ...cuts, "third");
    assert(third > QUIET + 96 && third <= QUIET + 110, `${third}`);
    assert(portsIn(await machine.kernel()).includes(third));
  },
});
