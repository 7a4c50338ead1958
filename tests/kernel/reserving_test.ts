import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  ALL_PORTS,
  FILE_NAME,
  FOREIGN,
  onMachine,
  portsIn,
  QUIET,
  together,
} from "../support/machine.ts";

onMachine(
  "a port is reserved in kernel, file and store, after a reboot too, until its name goes",
  {},
  async (machine) => {
    machine.writeForeignFile("50-app.conf", FOREIGN);
    await machine.reboot();
    const web = await machine.port("--reserve", "web");
    const before = await machine.state();
    const both = together(FOREIGN, web);
    assertEquals([before.kernel, before.file], [both, both]);
    assertEquals(machine.entries().get("web"), {
      port: web,
      reserved: "kernel",
    });
    assertStringIncludes(
      machine.temp.read(`sysctl.d/${FILE_NAME}`),
      "port-for",
    );
    // The lock is not a file that sysctl reads.
    const files = [...Deno.readDirSync(machine.sysctlFolder)]
      .map(({ name }) => name).filter((name) => name.endsWith(".conf"));
    assertEquals(files.sort(), ["50-app.conf", FILE_NAME]);

    assertEquals(await machine.port("--reserve", "web"), web);
    assertEquals(await machine.port("web"), web);
    await machine.reboot();
    assertEquals(await machine.state(), before);

    const more = (await machine.done("--reserve", "db", "cache", "db"))
      .trim().split("\n");
    assertEquals(more[0], more[2]);
    const all = together(FOREIGN, web, ...more);
    await machine.assertReserves(all, all);
    await machine.done("--unbind=db", "--unbind=cache");
    assertEquals(await machine.state(), before);
    await machine.done("--unbind=web");
    await machine.assertReserves(FOREIGN);
  },
);

onMachine(
  "ports that a site has reserved are kept for others",
  { ephemeral: ALL_PORTS, reserved: "20000-20999" },
  async (machine) => {
    const { status, stderr } = await machine.portFor("web");
    assertEquals(status, 1);
    assertStringIncludes(stderr, "--reserve");
    const port = await machine.port("--reserve", "web");
    assert(port < 20000 || port > 20999, `${port}`);
    const { stderr: warning } = await machine.portFor("--port=20005", "db");
    assertStringIncludes(warning, "kept by the administrator");
  },
);

onMachine(
  "without a name --reserve changes nothing where nothing is reserved",
  { reserved: FOREIGN },
  async (machine) => {
    const port = await machine.port("web");
    const before = await machine.state();
    assertEquals(await machine.done("--reserve"), "");
    assertEquals(await machine.state(), before);
    // What is reserved is the port that is chosen without it, if there is one.
    await machine.done("--unbind=web");
    assertEquals(await machine.port("--reserve", "web"), port);
  },
);

onMachine(
  "where the ephemeral range leaves no port, --reserve is the way out, for a block too",
  { ephemeral: ALL_PORTS, reserved: FOREIGN },
  async (machine) => {
    const { status, stdout, stderr } = await machine.portFor("db");
    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, "--reserve");
    assertEquals(machine.entries().size, 0);

    const ports = (await machine.done("--reserve", "--count=5", "db"))
      .trim().split("\n").map(Number);
    const first = ports[0]!;
    assertEquals(ports, [0, 1, 2, 3, 4].map((at) => first + at));
    const entry = { port: first, count: 5, reserved: "kernel" };
    assertEquals(machine.entries().get("db"), entry);
    const all = together(FOREIGN, ...ports);
    await machine.assertReserves(all, all);
    assertEquals(await machine.done("db"), `${ports.join("\n")}\n`);
    await machine.done("--unbind=db");
    await machine.assertReserves(FOREIGN);
  },
);

onMachine(
  "--reserve reaches into the ephemeral range only when nothing else is left",
  // Two good ports are left below the range, and then what the kernel hands out.
  { ephemeral: `${QUIET + 100} 65535` },
  async (machine) => {
    const cuts = [
      `--range=${QUIET + 3}-${QUIET + 110}`,
      `--exclude=${QUIET + 5}-${QUIET + 96}`,
    ];
    const first = await machine.port("--reserve", ...cuts, "first");
    const second = await machine.port("--reserve", ...cuts, "second");
    assertEquals([first, second].sort(), [QUIET + 3, QUIET + 4]);
    const { status, stderr } = await machine.portFor(...cuts, "third");
    assertEquals(status, 1, stderr);

    const third = await machine.port("--reserve", ...cuts, "third");
    assert(third > QUIET + 96 && third <= QUIET + 110, `${third}`);
    assert(portsIn(await machine.kernel()).includes(third));
  },
);

onMachine(
  "a port that a user gives is reserved, whatever speaks against it",
  { reserved: FOREIGN },
  async (machine) => {
    for (const port of [81, QUIET, 65535]) {
      const args = ["--reserve", `--port=${port}`, `p${port}`];
      const { status, stdout, stderr } = await machine.portFor(...args);
      assertEquals([status, stdout], [0, `${port}\n`]);
      assertEquals(stderr.includes("warning"), port !== QUIET, stderr);
      // That it is in the ephemeral range is what the user has seen to.
      assert(!stderr.includes("ephemeral"), stderr);
    }
    const all = together(FOREIGN, 81, QUIET, 65535);
    await machine.assertReserves(all, all);
  },
);

onMachine(
  "a name that was there before is reserved later, and no other one",
  { reserved: FOREIGN },
  async (machine) => {
    const text = `[ports]\nweb = 29500\ndb = ${QUIET} # ask Ops\n`;
    machine.temp.write("ports.toml", text);
    assertEquals(await machine.port("--reserve", "db"), QUIET);
    assertEquals(
      machine.temp.read("ports.toml"),
      text.replace(`${QUIET}`, `{ port = ${QUIET}, reserved = "kernel" }`),
    );
    await machine.done("--unbind=web");
    assertEquals(await machine.kernel(), together(FOREIGN, QUIET));
    await machine.done("--unbind=db");
    await machine.assertReserves(FOREIGN);
  },
);

onMachine(
  "the name of a directory is reserved until that is gone",
  { reserved: FOREIGN },
  async (machine) => {
    const folder = machine.temp.file("checkout");
    Deno.mkdirSync(folder);
    const { status, stdout } = await machine.run(
      ...["sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", folder],
      ...[...machine.program, "--reserve", "--here"],
    );
    assertEquals(status, 0);
    assertEquals(await machine.kernel(), together(FOREIGN, stdout.trim()));

    Deno.removeSync(folder);
    await machine.done("--prune");
    await machine.assertReserves(FOREIGN);
  },
);
