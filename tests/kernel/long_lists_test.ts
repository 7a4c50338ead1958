import { assert, assertEquals } from "@std/assert";
import { bunProgram, denoProgram } from "../support/bun_program.ts";
import { PROJECT } from "../support/program.ts";
import { RESERVED_FILE } from "../support/fake_runtime.ts";
import { canTrace } from "../support/fault_form.ts";
import {
  canReserve,
  Machine,
  onMachine,
  portsIn,
  QUIET,
} from "../support/machine.ts";
import { TempFolder } from "../support/temp.ts";

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
  onMachine(
    `thousands of scattered ports in kernel and sysctl files are kept on ${engine}`,
    {},
    async (machine) => {
      using temp = new TempFolder();
      machine.program = await programIn(temp);
      const reserve = (name: string) =>
        machine.port("--reserve", "--range=5000-9999", name);
      // More than the kernel takes at a time, and more than it gives to one
      // read of 64 KB.
      const inKernel = scattered(12_000);
      const inFile = inKernel.slice(0, 2000);
      await machine.reserveElsewhere(inKernel.join());
      const db = await reserve("db");
      assertSame(portsIn(await machine.kernel()), [db, ...inKernel]);
      await machine.done("--unbind=db");
      assertSame(portsIn(await machine.kernel()), inKernel);

      await machine.reserveElsewhere("");
      machine.writeForeignFile("50-app.conf", inFile.join());
      const ports = [await reserve("db"), await reserve("web")];
      assertSame(portsIn(machine.file()), [...ports, ...inFile]);
      await machine.done("--unbind=db");
      assertSame(portsIn(machine.file()), [ports[1]!, ...inFile]);
      assertEquals((await machine.portFor("--check")).status, 0);
    },
  );
}

Deno.test({
  name: "a long list survives a call that is killed while it is replaced",
  ignore: !canReserve || !canTrace,
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
          ...["strace", "-f", "--quiet=all", "--trace=write,pwrite64"],
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
