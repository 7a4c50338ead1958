import { assert, assertEquals } from "@std/assert";
import { bunProgram, denoProgram } from "../support/bun_program.ts";
import { PROJECT } from "../support/program.ts";
import { canReserve, Machine, portsIn } from "../support/reserve_machine.ts";
import { TempFolder } from "../support/temp.ts";

const ignore = !canReserve;
const MAIN = `${PROJECT}/main.ts`;

/** How each engine runs the program. */
const ENGINES: Readonly<
  Record<string, (temp: TempFolder) => readonly string[] | Promise<string[]>>
> = {
  Deno: () => denoProgram(MAIN),
  Bun: (temp) => bunProgram(MAIN, temp),
};

/** So many ports, none next to another: the longest way to write them. */
function scattered(count: number): number[] {
  return Array.from({ length: count }, (_, at) => 10001 + 2 * at);
}

/** Says only where thousands of ports differ. */
function assertSame(actual: readonly number[], expected: readonly number[]) {
  const there = new Set(actual);
  const lost = expected.filter((port) => !there.has(port));
  const right = lost.length === 0 && actual.length === expected.length;
  assert(right, `${lost.length} are lost, ${actual.length} are there`);
}

for (const [engine, programIn] of Object.entries(ENGINES)) {
  // More than the kernel takes at a time, and more than it gives to one read
  // of 64 KB.
  for (const count of [2000, 12_000]) {
    Deno.test({
      name: `${count} scattered ports in the kernel are kept on ${engine}`,
      ignore,
      fn: async () => {
        using temp = new TempFolder();
        await using machine = await Machine.of();
        machine.program = await programIn(temp);
        const others = scattered(count);
        await machine.reserveElsewhere(others.join(","));
        const port = await machine.port("--reserve", "--range=5000-9999", "db");
        assertSame(portsIn(await machine.kernel()), [port, ...others]);

        await machine.done("--unbind=db");
        assertSame(portsIn(await machine.kernel()), others);
      },
    });
  }

  Deno.test({
    name: `2000 scattered ports in a sysctl file are kept on ${engine}`,
    ignore,
    fn: async () => {
      using temp = new TempFolder();
      await using machine = await Machine.of();
      machine.program = await programIn(temp);
      const others = scattered(2000);
      machine.writeForeignFile("50-app.conf", others.join(","));
      const db = await machine.port("--reserve", "--range=5000-9999", "db");
      const web = await machine.port("--reserve", "--range=5000-9999", "web");
      const both = [db, web].sort((a, b) => a - b);
      assertSame(portsIn(machine.file()), [...both, ...others]);

      await machine.done("--unbind=db");
      assertSame(portsIn(machine.file()), [web, ...others]);
      assertEquals(await machine.done("--check"), "no problem found\n");
    },
  });
}
