import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RESERVED_FILE } from "../support/fake_runtime.ts";
import {
  canReserve,
  FILE_NAME,
  FOREIGN,
  Machine,
  portsIn,
  QUIET,
  together,
} from "../support/machine.ts";

const ignore = !canReserve;
const KEY = "net.ipv4.ip_local_reserved_ports";

Deno.test({
  name: "what others reserved in the kernel is never dropped",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
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
      assertEquals(await machine.kernel(), together(FOREIGN, ...ports));
    }
  },
});

Deno.test({
  name: "port 0, which the kernel takes, stays reserved too",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: "0-5,65535" });
    await machine.done("--reserve", "db");
    await machine.done("--unbind=db");
    assertEquals(await machine.kernel(), "0-5,65535");
  },
});

Deno.test({
  name: "what other sysctl files reserve stands in port-for's file as well",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    machine.writeForeignFile("10-app.conf", FOREIGN);
    machine.writeForeignFile("60-other.conf", "7000");
    machine.temp.write(
      "sysctl.d/70-slashes.conf",
      `; Another way to write it.\n-${KEY.replaceAll(".", "/")}=8000-8001\n`,
    );
    // sysctl reads none of these.
    machine.temp.write("sysctl.d/80-old.conf.bak", `${KEY} = 8100\n`);
    machine.temp.write("sysctl.d/90-comment.conf", `#${KEY} = 8200\n`);
    const port = await machine.port("--reserve", "db");
    assertEquals(machine.file(), together(FOREIGN, 7000, "8000-8001", port));

    await machine.done("--unbind=db");
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "others' sysctl files are not changed",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    machine.writeForeignFile("50-app.conf", FOREIGN);
    machine.writeForeignFile("99-zzz.conf", FOREIGN);
    const texts = () =>
      ["50-app.conf", "99-zzz.conf"].map((name) =>
        machine.temp.read(`sysctl.d/${name}`)
      );
    const before = texts();
    await machine.done("--reserve", "db");
    await machine.done("--unbind=db");
    assertEquals(texts(), before);
  },
});

Deno.test({
  name: "a port that others' kernel and file reserve needs nothing more",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: `${QUIET}` });
    machine.writeForeignFile("50-app.conf", `${QUIET}`);
    const before = await machine.kernel();
    // Alone in its range it is no good port, which is worth a warning.
    const { status } = await machine.portFor(
      "--reserve",
      `--port=${QUIET}`,
      "db",
    );
    assertEquals(status, 0);
    assertEquals(machine.entries().get("db"), { port: QUIET });
    assertEquals(machine.file(), undefined);

    await machine.done("--unbind=db");
    assertEquals(await machine.kernel(), before);
  },
});

Deno.test({
  name:
    "a port that only the running kernel has reserved is added to the file, " +
    "and stays in the kernel when the name goes",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: `${FOREIGN},${QUIET}` });
    await machine.portFor("--reserve", `--port=${QUIET}`, "db");
    assertEquals(machine.entries().get("db"), {
      port: QUIET,
      reserved: "file",
    });
    assert(portsIn(machine.file()).includes(QUIET));

    await machine.done("--unbind=db");
    assertEquals(await machine.kernel(), together(FOREIGN, QUIET));
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "a port that only others' file reserves stays reserved by that file",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    machine.writeForeignFile("50-app.conf", `${QUIET}`);
    const { status } = await machine.portFor(
      "--reserve",
      `--port=${QUIET}`,
      "db",
    );
    assertEquals(status, 0);
    assertEquals(await machine.kernel(), `${QUIET}`);

    await machine.done("--unbind=db");
    await machine.reboot();
    assertEquals(await machine.kernel(), `${QUIET}`);
  },
});

Deno.test({
  name: "a block takes back only those of its ports that it had added",
  ignore,
  fn: async () => {
    const inside = QUIET + 2;
    await using machine = await Machine.of({ reserved: `${inside}` });
    await machine.portFor(
      "--reserve",
      `--port=${QUIET}`,
      "--count=4",
      "block",
    );
    assertEquals(await machine.kernel(), `${QUIET}-${QUIET + 3}`);

    await machine.done("--unbind=block");
    assertEquals(await machine.kernel(), `${inside}`);
  },
});

Deno.test({
  name: "applying port-for's file drops nothing that the kernel has",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const port = await machine.port("--reserve", "db");
    // What installing a package does, or "sysctl --system".
    await machine.shell(`sysctl -q --load=$PORT_FOR_SYSCTL_DIR/${FILE_NAME}`);
    assertEquals(await machine.kernel(), together(FOREIGN, port));
  },
});

Deno.test({
  name: "two stores that reserve one port do not take it from each other",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    const other = machine.temp.file("other.toml");
    // A name gets the same port everywhere, where it can.
    await machine.port("--reserve", "db");
    const port = await machine.port(`--store=${other}`, "--reserve", "db");
    await machine.done("--unbind=db");

    assert(portsIn(await machine.kernel()).includes(port));
    assert(portsIn(machine.file()).includes(port));
    await machine.done(`--store=${other}`, "--unbind=db");
    assertEquals(await machine.kernel(), "");
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "a list that somebody emptied meanwhile stays as it is for others",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    await machine.done("--reserve", "db");
    await machine.shell(`echo 7000 > ${RESERVED_FILE}`);
    await machine.done("--unbind=db");
    assertEquals(await machine.kernel(), "7000");
  },
});

Deno.test({
  name: "a store that was moved takes back what was added for it, and no more",
  ignore,
  fn: async () => {
    const inside = QUIET + 1;
    await using machine = await Machine.of({ reserved: `${inside}` });
    const other = machine.temp.file("other.toml");
    const block = [`--port=${QUIET}`, "--count=4", "block"];
    await machine.done("--reserve", ...block);
    Deno.renameSync(machine.store, other);
    for (const args of [["--unbind=block"], ["--reserve"]]) {
      await machine.done(`--store=${other}`, ...args);
    }

    assertEquals(await machine.kernel(), `${inside}`);
    assertEquals(machine.file(), undefined);
  },
});

Deno.test({
  name: "a store that is gone is told of, and what it had can be taken back",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const gone = machine.temp.file("gone.toml");
    const port = await machine.port(`--store=${gone}`, "--reserve", "db");
    Deno.removeSync(gone);
    await machine.done("web");
    const { status, stdout } = await machine.portFor("--check");
    assertEquals(status, 1);
    assertStringIncludes(stdout, `port ${port} is reserved for "${gone}"`);

    await machine.done(`--store=${gone}`, "--reserve");
    assertEquals(await machine.kernel(), FOREIGN);
    assertEquals((await machine.portFor("--check")).status, 0);
  },
});

Deno.test({
  name: "what others gave up is reserved again, and stays so",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: `${QUIET}` });
    await machine.done("--reserve", `--port=${QUIET}`, "db");
    assertEquals(machine.entries().get("db")?.reserved, "file");
    await machine.shell(`echo > ${RESERVED_FILE}`);
    for (let call = 0; call < 3; call++) {
      await machine.done("--reserve");
      assertEquals(await machine.kernel(), `${QUIET}`);
    }
    await machine.done("--unbind=db");
    assertEquals(await machine.kernel(), "");
  },
});

Deno.test({
  name: "what is no file among the sysctl files is passed over",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    const { sysctlFolder } = machine;
    await machine.shell(`cd ${sysctlFolder}; mkfifo 10-fifo.conf
      ln -s 20-loop.conf 20-loop.conf; ln -s /dev/null 30-masked.conf`);
    const port = await machine.port("--reserve", "db");
    assertEquals(await machine.kernel(), `${port}`);
  },
});
