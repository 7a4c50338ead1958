import { assert, assertEquals } from "@std/assert";
import {
  allAtOnce,
  canReserve,
  type Entry,
  FILE_NAME,
  FOREIGN,
  Machine,
  portsIn,
  QUIET,
  together,
} from "../support/machine.ts";
import { CHILD } from "../support/signalled_reserving_program.ts";

/** A call that may be killed on its way. */
interface Killable {
  readonly what: string;
  /** The entries of the store before it; those with `reserved` are so. */
  readonly before: Readonly<Record<string, Entry>>;
  readonly args: readonly string[];
  /** What the store notes as reserved when all is done. */
  readonly reserved: readonly string[];
}

const WEB: Entry = { port: QUIET, reserved: "kernel" };
const DB: Entry = { port: QUIET + 10, reserved: "kernel" };

const CALLS: readonly Killable[] = [
  {
    what: "reserves the first port",
    before: {},
    args: ["--reserve", "db"],
    reserved: ["db"],
  },
  {
    what: "reserves one more port, of a name that was there before",
    before: { web: WEB, db: { port: DB.port } },
    args: ["--reserve", "db"],
    reserved: ["web", "db"],
  },
  {
    what: "takes the last name away",
    before: { db: DB },
    args: ["--unbind=db"],
    reserved: [],
  },
  {
    what: "takes one of two names away",
    before: { web: WEB, db: DB },
    args: ["--unbind=db"],
    reserved: ["web"],
  },
];

/** Brings a machine into the state before a call, as port-for leaves it. */
async function prepare(machine: Machine, { before }: Killable): Promise<void> {
  machine.writeForeignFile("50-app.conf", FOREIGN);
  const entries = Object.entries(before);
  if (entries.length === 0) return;
  const ports = entries.flatMap(([_, { port, reserved }]) =>
    reserved ? [port] : []
  );
  await machine.reserveElsewhere(together(FOREIGN, ...ports));
  machine.writeForeignFile(FILE_NAME, together(FOREIGN, ...ports));
  const lines = entries.map(([name, { port, reserved }]) =>
    `${name} = { port = ${port}${reserved ? `, reserved = "kernel"` : ""} }\n`
  );
  machine.temp.write("ports.toml", `[ports]\n${lines.join("")}`);
}

/** Kills a call before a step that others could see; whether it came so far. */
async function killAt(call: Killable, at: number): Promise<boolean> {
  await using machine = await Machine.of({ reserved: FOREIGN });
  await prepare(machine, call);

  const killed = await machine.run(...CHILD, "SIGKILL", `${at}`, ...call.args);
  if (killed.status === 0) return false;
  assertEquals([killed.status, killed.stderr], [128 + 9, ""]);
  const step = `${call.what}: killed before step ${at}`;
  const inKernel = portsIn(await machine.kernel());
  const inFile = portsIn(machine.file());
  const foreign = portsIn(FOREIGN);
  for (const port of foreign) assert(inKernel.includes(port), step);
  // What nobody knows of could never be taken back.
  const known = [
    ...[...machine.entries().values()]
      .filter(({ reserved }) => reserved).map(({ port }) => port),
    ...portsIn(machine.added()),
  ];
  for (const port of [...inKernel, ...inFile]) {
    assert(foreign.includes(port) || known.includes(port), `${step}: ${port}`);
  }

  const { status } = await machine.portFor(...call.args);
  assertEquals(status, 0, step);
  const entries = machine.entries();
  const ports = call.reserved.map((name) => entries.get(name)!.port);
  assertEquals(
    [...entries].filter(([_, { reserved }]) => reserved).map(([name]) => name),
    call.reserved,
    step,
  );
  const all = together(FOREIGN, ...ports);
  assertEquals(await machine.kernel(), all, step);
  assertEquals(machine.file(), ports.length === 0 ? undefined : all, step);
  return true;
}

for (const call of CALLS) {
  Deno.test({
    name: `the next call puts right what a killed call left that ${call.what}`,
    ignore: !canReserve,
    fn: async () => {
      let killed = 0;
      let survived = false;
      // Two at a time: a machine is mostly waited for.
      while (!survived) {
        const both = await allAtOnce([
          killAt(call, killed + 1),
          killAt(call, killed + 2),
        ]);
        killed += both.filter((was) => was).length;
        survived = both.includes(false);
      }
      assert(killed > 7, `${killed}`);
    },
  });
}
