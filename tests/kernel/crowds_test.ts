import { assertEquals } from "@std/assert";
import {
  allAtOnce,
  canReserve,
  FOREIGN,
  Machine,
  together,
} from "../support/machine.ts";
import { CHILD } from "../support/signalled_reserving_program.ts";

const ignore = !canReserve;
const TEN = Array.from({ length: 10 }, (_, at) => at);

// Two stores share one kernel, and one sysctl folder.
for (const stores of [1, 2]) {
  Deno.test({
    name: `ten calls at once on ${
      stores === 1 ? "one store" : "two stores"
    } lose nobody's reservations`,
    ignore,
    fn: async () => {
      await using machine = await Machine.of({ reserved: FOREIGN });
      machine.writeForeignFile("50-app.conf", FOREIGN);
      const store = (at: number) => machine.temp.file(`${at % stores}.toml`);
      const call = (at: number, ...args: string[]) =>
        machine.done(`--store=${store(at)}`, "--wait=60", ...args);
      const everyPort = () =>
        Array.from({ length: stores }, (_, at) => machine.entries(store(at)))
          .flatMap((entries) => [...entries.values()].map(({ port }) => port));

      const printed = await allAtOnce(
        TEN.map((at) => call(at, "--reserve", `name${at}`)),
      );
      const ports = everyPort();
      assertEquals(printed.map(Number).sort(), ports.sort());
      assertEquals(new Set(ports).size, 10);
      assertEquals(await machine.kernel(), together(FOREIGN, ...ports));
      assertEquals(machine.file(), together(FOREIGN, ...ports));

      // Half of them go while others come.
      await allAtOnce(
        TEN.map((at) =>
          at % 2 === 0
            ? call(at, `--unbind=name${at}`)
            : call(at, "--reserve", `more${at}`)
        ),
      );
      assertEquals(await machine.kernel(), together(FOREIGN, ...everyPort()));
      assertEquals(machine.file(), together(FOREIGN, ...everyPort()));

      await allAtOnce(
        TEN.filter((at) => at % 2 === 1).flatMap((at) => [
          call(at, `--unbind=name${at}`),
          call(at, `--unbind=more${at}`),
        ]),
      );
      assertEquals(everyPort(), []);
      assertEquals(await machine.kernel(), FOREIGN);
      assertEquals(machine.file(), undefined);
    },
  });
}

Deno.test({
  name: "a call that is held up before it writes to the kernel drops nothing",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    const other = `--store=${machine.temp.file("other.toml")}`;
    const [command, ...args] = [
      ...machine.prefix,
      ...[...CHILD, "SIGSTOP", "kernel", "--reserve", "db"],
    ];
    const heldUp = new Deno.Command(command!, {
      args,
      env: machine.env,
      stdout: "null",
    }).spawn();
    try {
      await stopped(heldUp.pid);
      // It may have to wait until the other one is done.
      const early = await machine.portFor(
        other,
        "--wait=0",
        "--reserve",
        "web",
      );
      heldUp.kill("SIGCONT");
      assertEquals((await heldUp.status).code, 0);
      if (early.status !== 0) await machine.done(other, "--reserve", "web");
    } finally {
      await end(heldUp);
    }

    const db = machine.entries().get("db")!.port;
    const web = machine.entries(machine.temp.file("other.toml")).get("web")!;
    assertEquals(await machine.kernel(), together(FOREIGN, db, web.port));
  },
});

/** Waits until a signal has stopped a process. */
async function stopped(pid: number): Promise<void> {
  for (;;) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    // The state comes behind the name, which is in brackets.
    const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
    if (state === "T") return;
    if (state === "Z") throw new Error("it ended without being stopped");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Ends a process, if it has not ended by itself. */
async function end(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  await process.status;
}
