import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RESERVED_FILE } from "../support/fake_runtime.ts";
import {
  FILE_NAME,
  FOREIGN,
  onMachine,
  portsIn,
  QUIET,
  together,
} from "../support/machine.ts";

const KEY = "net.ipv4.ip_local_reserved_ports";
const GIVEN = ["--reserve", `--port=${QUIET}`];

onMachine(
  "what others reserved in the kernel is never dropped, port 0 neither",
  { reserved: `0-3,${FOREIGN}` },
  async (machine) => {
    for (
      const args of [
        ["--reserve", "web"],
        ["--reserve", "db"],
        ["--reserve"],
        ["--unbind=web"],
        ["--reserve", "web"],
        ["--unbind=web", "--unbind=db"],
      ]
    ) {
      await machine.done(...args);
      const ports = [...machine.entries().values()].map(({ port }) => port);
      const all = together("0-3", FOREIGN, ...ports);
      assertEquals(await machine.kernel(), all, `${args}`);
      // What installing a package does, or "sysctl --system".
      const file = `$PORT_FOR_SYSCTL_DIR/${FILE_NAME}`;
      await machine.shell(`test ! -e ${file} || sysctl -q --load=${file}`);
      assertEquals(await machine.kernel(), all, `${args}, applied`);
    }
  },
);

onMachine(
  "what other sysctl files reserve stands in port-for's file as well",
  {},
  async (machine) => {
    machine.writeForeignFile("10-app.conf", FOREIGN);
    machine.writeForeignFile("99-zzz.conf", "7000");
    machine.temp.write(
      "sysctl.d/70-slashes.conf",
      `; Another way to write it.\n-${KEY.replaceAll(".", "/")}=8000-8001\n`,
    );
    // sysctl reads none of these.
    machine.temp.write("sysctl.d/80-old.conf.bak", `${KEY} = 8100\n`);
    machine.temp.write("sysctl.d/90-comment.conf", `#${KEY} = 8200\n`);
    await machine.shell(`cd ${machine.sysctlFolder}; mkfifo 10-fifo.conf
      ln -s 20-loop.conf 20-loop.conf; ln -s /dev/null 30-masked.conf`);
    const texts = () =>
      ["10-app.conf", "99-zzz.conf", "70-slashes.conf"]
        .map((name) => machine.temp.read(`sysctl.d/${name}`));
    const before = texts();
    const port = await machine.port("--reserve", "db");
    const all = together(FOREIGN, 7000, "8000-8001", port);
    await machine.assertReserves(`${port}`, all);

    await machine.done("--unbind=db");
    await machine.assertReserves("");
    assertEquals(texts(), before);
  },
);

onMachine(
  "a port that others' kernel and file reserve needs nothing more",
  { reserved: `${QUIET}` },
  async (machine) => {
    machine.writeForeignFile("50-app.conf", `${QUIET}`);
    // Alone in its range it is not a good port, which is worth a warning.
    assertEquals((await machine.portFor(...GIVEN, "db")).status, 0);
    assertEquals(machine.entries().get("db"), { port: QUIET });
    await machine.assertReserves(`${QUIET}`);
    await machine.done("--unbind=db");
    await machine.assertReserves(`${QUIET}`);
  },
);

onMachine(
  "a port that only the running kernel has reserved is added to the file, " +
    "and stays in the kernel when the name goes",
  { reserved: `${FOREIGN},${QUIET}` },
  async (machine) => {
    await machine.portFor(...GIVEN, "db");
    const entry = { port: QUIET, reserved: "file" };
    assertEquals(machine.entries().get("db"), entry);
    assert(portsIn(machine.file()).includes(QUIET));
    await machine.done("--unbind=db");
    await machine.assertReserves(together(FOREIGN, QUIET));
  },
);

onMachine(
  "a port that only others' file reserves stays reserved by that file",
  {},
  async (machine) => {
    machine.writeForeignFile("50-app.conf", `${QUIET}`);
    assertEquals((await machine.portFor(...GIVEN, "db")).status, 0);
    assertEquals(await machine.kernel(), `${QUIET}`);
    await machine.done("--unbind=db");
    await machine.reboot();
    await machine.assertReserves(`${QUIET}`);
  },
);

onMachine(
  "a block takes back only those of its ports that it had added, from a moved store too",
  { reserved: `${QUIET + 1}` },
  async (machine) => {
    const other = machine.temp.file("other.toml");
    const block = [...GIVEN, "--count=4", "block"];
    await machine.portFor(...block);
    assertEquals(await machine.kernel(), `${QUIET}-${QUIET + 3}`);
    await machine.done("--unbind=block");
    await machine.assertReserves(`${QUIET + 1}`);

    await machine.portFor(...block);
    Deno.renameSync(machine.store, other);
    for (const args of [["--unbind=block"], ["--reserve"]]) {
      await machine.done(`--store=${other}`, ...args);
    }
    await machine.assertReserves(`${QUIET + 1}`);
  },
);

onMachine(
  "two stores that reserve one port do not take it from each other",
  {},
  async (machine) => {
    const other = `--store=${machine.temp.file("other.toml")}`;
    for (const store of [[], [other]]) {
      await machine.portFor(...store, ...GIVEN, "db");
      await machine.assertReserves(`${QUIET}`, `${QUIET}`);
    }
    await machine.done("--unbind=db");
    await machine.assertReserves(`${QUIET}`, `${QUIET}`);
    await machine.done(other, "--unbind=db");
    await machine.assertReserves("");
  },
);

onMachine(
  "a store that is gone is told of, and what it had can be taken back",
  { reserved: FOREIGN },
  async (machine) => {
    const gone = machine.temp.file("gone.toml");
    const port = await machine.port(`--store=${gone}`, "--reserve", "db");
    Deno.removeSync(gone);
    await machine.done("web");
    const { status, stdout } = await machine.portFor("--check");
    assertEquals(status, 1);
    for (const part of [`${port}`, gone]) assertStringIncludes(stdout, part);

    await machine.done(`--store=${gone}`, "--reserve");
    await machine.assertReserves(FOREIGN);
    assertEquals((await machine.portFor("--check")).status, 0);
  },
);

onMachine(
  "what others gave up is reserved again, and what they took since is theirs",
  { reserved: `${QUIET}` },
  async (machine) => {
    const { stderr } = await machine.portFor(...GIVEN, "db");
    assertStringIncludes(stderr, "kept by the administrator");
    assertEquals(machine.entries().get("db")?.reserved, "file");
    await machine.shell(`echo > ${RESERVED_FILE}`);
    for (let call = 0; call < 3; call++) {
      await machine.done("--reserve");
      assertEquals(await machine.kernel(), `${QUIET}`);
    }
    await machine.shell(`echo 7000 > ${RESERVED_FILE}`);
    await machine.done("--unbind=db");
    await machine.assertReserves("7000");
  },
);

onMachine(
  "what others had is theirs still where telling the kernel was cut short",
  {},
  async (machine) => {
    // The kernel forgot the list, of which the file says what it is to be.
    machine.temp.write(
      `sysctl.d/${FILE_NAME}`,
      `# added for "/gone": \n# being told: ${QUIET}\n${KEY} = ${QUIET}\n`,
    );
    await machine.portFor(...GIVEN, "db");
    assertEquals(machine.entries().get("db")?.reserved, "file");
    await machine.done("--unbind=db");
    assertEquals(await machine.kernel(), `${QUIET}`);
  },
);
