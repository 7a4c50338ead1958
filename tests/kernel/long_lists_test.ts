import { assert, assertEquals } from "@std/assert";
import { bunProgram, denoProgram } from "../support/bun_program.ts";
import { PROJECT, works } from "../support/program.ts";
import { RESERVED_FILE } from "../support/fake_runtime.ts";
import { canReserve, Machine, portsIn, QUIET } from "../support/machine.ts";
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

const canTrace = works("strace", "--quiet=all", "--output=/dev/null", "true");

Deno.test({
  name: "a long list survives a call that is killed while it is replaced",
  ignore: ignore || !canTrace,
  fn: async () => {
    const others = scattered(2000);
    let killed = 0;
    for (
      const [call, reserved] of [["--unbind=db", false], ["web", true]] as const
    ) {
      for (let at = 1; at <= 4; at++) {
        await using machine = await Machine.of();
        await machine.reserveElsewhere(others.join(","));
        const db = await machine.port("--reserve", `--port=${QUIET}`, "db");
        const args = reserved
          ? ["--reserve", `--port=${QUIET + 2}`, call]
          : [call];
        const { status } = await machine.run(
          ...[
            "strace",
            "--follow-forks",
            "--quiet=all",
            "--trace=write,pwrite64",
          ],
          `--trace-path=${RESERVED_FILE}`,
          `--inject=write,pwrite64:signal=KILL:when=${at}`,
          ...["--output=/dev/null", ...machine.program, ...args],
        );
        if (status === 128 + 9) killed++;

        await machine.done("--reserve");
        const noted = [...machine.entries().values()].map(({ port }) => port);
        assertSame(portsIn(await machine.kernel()), [...noted, ...others]);
        assert(reserved || noted.length === 0 || noted[0] === db);
        assertEquals((await machine.portFor("--check")).status, 0);
      }
    }
    assert(killed >= 3, `${killed}`);
  },
});
