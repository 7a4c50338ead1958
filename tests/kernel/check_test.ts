import { assertEquals, assertStringIncludes } from "@std/assert";
import { RESERVED_FILE } from "../support/fake_runtime.ts";
import { asUser, NOBODY } from "../support/program.ts";
import {
  canReserve,
  FILE_NAME,
  FOREIGN,
  Machine,
  together,
} from "../support/machine.ts";

const ignore = !canReserve;
const CLEAN = "no problem found\n";

/** Two names that are reserved, beside what others reserved. */
async function twoNames(): Promise<{ machine: Machine; ports: number[] }> {
  const machine = await Machine.of({ reserved: FOREIGN });
  const ports = [];
  for (const name of ["web", "db"]) {
    ports.push(await machine.port("--reserve", name));
  }
  return { machine, ports };
}

Deno.test({
  name: "--check finds nothing where store, kernel and file agree",
  ignore,
  fn: async () => {
    const { machine } = await twoNames();
    await using _ = machine;
    assertEquals(await machine.done("--check"), CLEAN);
  },
});

Deno.test({
  name: "--check finds what the kernel has forgotten, --reserve puts it right",
  ignore,
  fn: async () => {
    const { machine, ports: [web, db] } = await twoNames();
    await using _ = machine;
    const before = await machine.state();
    await machine.reserveElsewhere("5000,6000-6010");

    const { status, stdout } = await machine.portFor("--check");
    assertEquals(status, 1);
    for (const port of [web, db]) assertStringIncludes(stdout, `port ${port}`);
    assertStringIncludes(stdout, "kernel");
    assertStringIncludes(stdout, "--reserve");

    assertEquals(await machine.done("--reserve"), `web: ${web}\ndb: ${db}\n`);
    assertEquals(await machine.state(), before);
    assertEquals(await machine.done("--check"), CLEAN);
  },
});

Deno.test({
  name: "--check finds that the file is gone, --reserve writes it again",
  ignore,
  fn: async () => {
    const { machine, ports: [web, db] } = await twoNames();
    await using _ = machine;
    const before = await machine.state();
    Deno.removeSync(`${machine.sysctlFolder}/${FILE_NAME}`);

    const { status, stdout } = await machine.portFor("--check");
    assertEquals(status, 1);
    for (const port of [web, db]) assertStringIncludes(stdout, `port ${port}`);
    assertStringIncludes(stdout, FILE_NAME);

    await machine.done("--reserve");
    assertEquals(await machine.state(), before);
    assertEquals(await machine.done("--check"), CLEAN);
  },
});

Deno.test({
  name: "--check names the one port that is missing in the file",
  ignore,
  fn: async () => {
    const { machine, ports: [web, db] } = await twoNames();
    await using _ = machine;
    machine.writeForeignFile(FILE_NAME, `${web}`);
    const { stdout } = await machine.portFor("--check");
    assertStringIncludes(stdout, `port ${db}`);
    assertEquals(stdout.includes(`port ${web}`), false);
  },
});

Deno.test({
  name: "after a reboot without the file, the next reservation restores all",
  ignore,
  fn: async () => {
    const { machine, ports } = await twoNames();
    await using _ = machine;
    Deno.removeSync(`${machine.sysctlFolder}/${FILE_NAME}`);
    await machine.shell(`echo > ${RESERVED_FILE}`);
    const more = await machine.port("--reserve", "more");

    assertEquals(await machine.kernel(), together(...ports, more));
    assertEquals(machine.file(), together(...ports, more));
  },
});

Deno.test({
  name: "anybody can check what root has reserved",
  ignore,
  fn: async () => {
    const { machine } = await twoNames();
    await using _ = machine;
    const user = await asUser(NOBODY, machine.temp);
    Deno.chmodSync(machine.temp.path, 0o755);
    const { status, stdout, stderr } = await machine.portForAs(user, "--check");
    assertEquals([status, stdout, stderr], [0, CLEAN, ""]);
  },
});

Deno.test({
  name: "anybody can check what root has reserved with a strict umask",
  ignore,
  fn: async () => {
    await using machine = await Machine.of();
    await machine.shell(`umask 077; exec ${machine.program.join(" ")} web`);
    await machine.shell(
      `umask 077; exec ${machine.program.join(" ")} --reserve db`,
    );
    Deno.chmodSync(machine.store, 0o644);
    const user = await asUser(NOBODY, machine.temp);
    Deno.chmodSync(machine.temp.path, 0o755);
    const { status, stdout } = await machine.portForAs(user, "--check");
    assertEquals([status, stdout], [0, CLEAN]);
  },
});

Deno.test({
  name: "--check finds a file that is applied after port-for's",
  ignore,
  fn: async () => {
    for (const list of [FOREIGN, ""]) {
      const { machine } = await twoNames();
      await using _ = machine;
      machine.writeForeignFile("99-zzz-late.conf", list);
      const { status, stdout } = await machine.portFor("--check");
      assertEquals(status, 1, `a list of ${list || "nothing"}`);
      assertStringIncludes(stdout, "99-zzz-late.conf");
    }
  },
});

Deno.test({
  name: "--check finds what port-for's file would drop at the next boot",
  ignore,
  fn: async () => {
    const { machine, ports } = await twoNames();
    await using _ = machine;
    // It came later, and is read before port-for's, which will hide it.
    machine.writeForeignFile("50-app.conf", "7000");
    const { status, stdout } = await machine.portFor("--check");
    assertEquals(status, 1);
    assertStringIncludes(stdout, "7000");

    await machine.done("--reserve");
    assertEquals(await machine.done("--check"), CLEAN);
    await machine.reboot();
    const restored = await machine.kernel();
    assertEquals(
      together(restored, FOREIGN),
      together(FOREIGN, 7000, ...ports),
    );
  },
});

Deno.test({
  name: "--check finds a reservation that the store does not know",
  ignore,
  fn: async () => {
    const { machine, ports: [web] } = await twoNames();
    await using _ = machine;
    // Somebody took the name away with an editor.
    const text = machine.temp.read("ports.toml");
    machine.temp.write("ports.toml", text.replace(/^web = .*\n/m, ""));
    const { stdout } = await machine.portFor("--check");
    assertStringIncludes(stdout, `${web}`);
  },
});
