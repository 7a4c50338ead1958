import { assertEquals, assertStringIncludes } from "@std/assert";
import { RESERVED_FILE } from "../support/fake_runtime.ts";
import {
  FILE_NAME,
  FOREIGN,
  type Machine,
  onMachine,
  together,
} from "../support/machine.ts";
import { asUser, NOBODY } from "../support/program.ts";

/** A test with two names that are reserved, beside what others reserved. */
function withTwoNames(
  name: string,
  run: (machine: Machine, web: number, db: number) => Promise<void>,
): void {
  onMachine(name, { reserved: FOREIGN }, async (machine) => {
    const web = await machine.port("--reserve", "web");
    const db = await machine.port("--reserve", "db");
    await run(machine, web, db);
  });
}

/** Asserts that --check finds something, and says so with these parts. */
async function assertFound(
  machine: Machine,
  ...parts: readonly (string | number)[]
): Promise<string> {
  const { status, stdout } = await machine.portFor("--check");
  assertEquals(status, 1, stdout);
  for (const part of parts) assertStringIncludes(stdout, `${part}`);
  return stdout;
}

withTwoNames(
  "--check finds what kernel or file have forgotten, --reserve puts it right",
  async (machine, web, db) => {
    const assertClean = async () =>
      assertEquals((await machine.portFor("--check")).status, 0);
    await assertClean();
    const before = await machine.state();
    const [file, ports] = [`${machine.sysctlFolder}/${FILE_NAME}`, [web, db]];
    await machine.reserveElsewhere(FOREIGN);
    await assertFound(machine, ...ports, "kernel", "--reserve");
    assertEquals(await machine.done("--reserve"), `web: ${web}\ndb: ${db}\n`);
    assertEquals(await machine.state(), before);

    Deno.removeSync(file);
    await assertFound(machine, ...ports, FILE_NAME);
    await machine.done("--reserve");
    assertEquals(await machine.state(), before);
    await assertClean();

    machine.writeForeignFile(FILE_NAME, `${web}`);
    const said = await assertFound(machine, db);
    assertEquals(said.includes(`${web}`), false);

    // After a reboot without the file, the next reservation restores all.
    Deno.removeSync(file);
    await machine.shell(`echo > ${RESERVED_FILE}`);
    const all = together(web, db, await machine.port("--reserve", "more"));
    await machine.assertReserves(all, all);
  },
);

onMachine(
  "anybody can check what root has reserved, whatever root's umask",
  {},
  async (machine) => {
    const program = machine.program.join(" ");
    for (const args of ["web", "--reserve db"]) {
      await machine.shell(`umask 077; exec ${program} ${args}`);
    }
    Deno.chmodSync(machine.store, 0o644);
    const user = await asUser(NOBODY, machine.temp);
    const { status, stderr } = await machine.portForAs(user, "--check");
    assertEquals([status, stderr], [0, ""]);
  },
);

withTwoNames(
  "--check finds files that are applied after port-for's, and what that would drop",
  async (machine, web, db) => {
    for (const list of [FOREIGN, ""]) {
      machine.writeForeignFile("99-zzz-late.conf", list);
      await assertFound(machine, "99-zzz-late.conf");
    }
    Deno.removeSync(`${machine.sysctlFolder}/99-zzz-late.conf`);

    // It came later, and is read before port-for's, which will hide it.
    machine.writeForeignFile("50-app.conf", "7000");
    await assertFound(machine, 7000);
    await machine.done("--reserve");
    assertEquals((await machine.portFor("--check")).status, 0);
    await machine.reboot();
    const restored = together(await machine.kernel(), FOREIGN);
    assertEquals(restored, together(FOREIGN, 7000, web, db));

    // Somebody took a name away with an editor.
    const text = machine.temp.read("ports.toml");
    machine.temp.write("ports.toml", text.replace(/^web = .*\n/m, ""));
    await assertFound(machine, web);
  },
);
