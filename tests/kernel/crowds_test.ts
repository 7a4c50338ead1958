import { assertEquals } from "@std/assert";
import { RESERVED_FILE } from "../support/fake_runtime.ts";
import { allAtOnce, FOREIGN, onMachine, together } from "../support/machine.ts";
import { Process, selfEnding } from "../support/process.ts";

const TEN = Array.from({ length: 10 }, (_, at) => at);

onMachine(
  "ten calls at once on two stores lose nobody's reservations",
  { reserved: FOREIGN },
  async (machine) => {
    machine.writeForeignFile("50-app.conf", FOREIGN);
    // Two stores share one kernel, and one sysctl folder.
    const store = (at: number) => machine.temp.file(`${at % 2}.toml`);
    const call = (at: number, ...args: string[]) =>
      machine.done(`--store=${store(at)}`, "--wait=60", ...args);
    const everyPort = () =>
      [0, 1].flatMap((at) => [...machine.entries(store(at)).values()])
        .map(({ port }) => port);
    const assertAllReserved = async () => {
      const all = together(FOREIGN, ...everyPort());
      await machine.assertReserves(all, all);
    };

    const printed = await allAtOnce(
      TEN.map((at) => call(at, "--reserve", `name${at}`)),
    );
    assertEquals(printed.map(Number).sort(), everyPort().sort());
    assertEquals(new Set(printed).size, 10);
    await assertAllReserved();

    // Half of them go while others come.
    await allAtOnce(
      TEN.map((at) =>
        at < 5
          ? call(at, `--unbind=name${at}`)
          : call(at, "--reserve", `more${at}`)
      ),
    );
    await assertAllReserved();

    await allAtOnce(
      TEN.filter((at) => at >= 5).flatMap((at) => [
        call(at, `--unbind=name${at}`),
        call(at, `--unbind=more${at}`),
      ]),
    );
    assertEquals(everyPort(), []);
    await machine.assertReserves(FOREIGN);
  },
);

onMachine(
  "a call that is held up before it writes to the kernel drops nothing",
  { reserved: FOREIGN },
  async (machine) => {
    const path = machine.temp.file("other.toml");
    const other = [`--store=${path}`, "--reserve", "web"];
    await using heldUp = new Process(["--reserve", "db"], {
      program: [
        ...machine.prefix,
        ...selfEnding("SIGSTOP", "before", `file.write ${RESERVED_FILE}`),
      ],
      env: machine.env,
    });
    await heldUp.stopped();
    // It may have to wait until the other one is done.
    const early = await machine.portFor("--wait=0", ...other);
    heldUp.kill("SIGCONT");
    assertEquals((await heldUp.end()).status, 0);
    if (early.status !== 0) await machine.done(...other);

    const db = machine.entries().get("db")!.port;
    const web = machine.entries(path).get("web")!.port;
    assertEquals(await machine.kernel(), together(FOREIGN, db, web));
  },
);
