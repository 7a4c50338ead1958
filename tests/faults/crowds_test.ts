import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mulberry32 } from "../../lib/ports/candidates.ts";
import { bunProgram } from "../support/bun_program.ts";
import { eachOf, has, inForm, SEED, survived } from "../support/fault_form.ts";
import { Process, selfEnding } from "../support/process.ts";
import {
  commentsOf,
  courseOf,
  entriesOf,
  KEPT,
  SCENARIOS,
} from "../support/scenarios.ts";
import { portFor, PROGRAM, PROJECT } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Nobody in these crowds has to give up. */
const PATIENT = "--wait=120";

/** Runs a program to its end; it must succeed. */
async function answer(
  program: readonly string[],
  args: readonly string[],
): Promise<string> {
  await using process = new Process(args, { program });
  const { status, stdout, stderr } = await process.end();
  assertEquals([status, stderr], [0, ""], `${args}`);
  return stdout;
}

const CROWD = inForm(60, 1000);
const AT_ONCE = inForm(30, 100);

Deno.test(`${CROWD} processes, ${AT_ONCE} at once, get a port for a name each, one for the same, and all are kept`, async () => {
  using temp = new TempFolder();
  const store = `--store=${temp.file("ports.toml")}`;
  const printed = new Map<string, number>();
  const shared = new Set<number>();

  const names = Array.from({ length: CROWD }, (_, at) => `worker ${at}`);
  await eachOf(names, AT_ONCE, async (name) => {
    // At random, so that it is no accident that all print the same.
    const args = [store, PATIENT, "--random", name, "everybody's"];
    const ports = (await answer(PROGRAM, args)).trim().split("\n").map(Number);
    printed.set(name, ports[0]!);
    shared.add(ports[1]!);
    // Whoever looks meanwhile finds what was printed, and nothing half done.
    assertEquals(entriesOf(temp.read("ports.toml")).get(name), ports[0]);
  });

  assertEquals(shared.size, 1);
  printed.set("everybody's", [...shared][0]!);
  assertEquals(sorted(entriesOf(temp.read("ports.toml"))), sorted(printed));
  assertEquals(new Set(printed.values()).size, CROWD + 1);
  assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
  survived({ processes: CROWD });
});

function sorted(entries: ReadonlyMap<string, number>): [string, number][] {
  return [...entries].sort(([a], [b]) => a < b ? -1 : 1);
}

/**
 * Lets processes associate, unbind and list at once, and compares each answer
 * with what its lane has been told before.
 *
 * @param programs What to run, one after the other.
 * @returns How many processes ran.
 */
async function bustle(
  programs: readonly (readonly string[])[],
  lanes: number,
  seconds: number,
): Promise<number> {
  using temp = new TempFolder();
  const store = `--store=${temp.write("ports.toml", KEPT)}`;
  const end = performance.now() + seconds * 1000;
  const all = entriesOf(KEPT);
  let shared: string | undefined;
  let processes = 0;

  await eachOf(Array.from({ length: lanes }).keys(), lanes, async (lane) => {
    const random = mulberry32(SEED + lane);
    // Only this lane touches these names, so it knows what they must have.
    const own = Array.from({ length: 6 }, (_, at) => `lane ${lane}: ${at}`);
    const known = new Map<string, string>();
    const run = (...args: string[]) => {
      const program = programs[processes++ % programs.length]!;
      return answer(program, [store, PATIENT, ...args]);
    };
    const some = () => own[Math.floor(random() * own.length)]!;

    while (performance.now() < end) {
      const what = random();
      if (what < 0.45) {
        const names = [...new Set([some(), some()])];
        const ports = (await run(...names)).trimEnd().split("\n");
        assertEquals(ports.length, names.length);
        for (const [at, name] of names.entries()) {
          assertEquals(ports[at], known.get(name) ?? ports[at], name);
          known.set(name, ports[at]!);
        }
      } else if (what < 0.7 && known.size > 0) {
        const name = [...known.keys()][Math.floor(random() * known.size)]!;
        await run("--unbind", name);
        known.delete(name);
      } else if (what < 0.8) {
        const port = await run("everybody's");
        shared ??= port;
        assertEquals(port, shared);
      } else {
        const lines = (await run("--list")).trimEnd().split("\n")
          .map((line) => line.split(/: (?=\d+$)/) as [string, string]);
        const listed = new Map(lines);
        const ports = lines.map(([, port]) => port);
        assertEquals(new Set(ports).size, ports.length);
        for (const name of own) {
          assertEquals(listed.get(name), known.get(name), name);
        }
      }
      entriesOf(temp.read("ports.toml"));
    }
    for (const [name, port] of known) all.set(name, Number(port));
  });

  if (shared !== undefined) all.set("everybody's", Number(shared));
  const text = temp.read("ports.toml");
  assertEquals(sorted(entriesOf(text)), sorted(all));
  assertEquals(commentsOf(text), commentsOf(KEPT));
  assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
  return processes;
}

const SECONDS = Number(
  Deno.env.get("PORT_FOR_FAULTS_SECONDS") || inForm(4, 60),
);

Deno.test(`Deno and Bun associate, unbind and list at once for ${SECONDS} seconds and lose nothing`, async () => {
  using temp = new TempFolder();
  const engines = Deno.env.get("PORT_FOR")
    ? [PROGRAM]
    : [PROGRAM, await bunProgram(`${PROJECT}/main.ts`, temp)];
  const processes = await bustle(engines, inForm(8, 20), SECONDS);
  assert(processes > SECONDS, `only ${processes} processes`);
  survived({ processes });
});

/** A process that has the lock of a store, and does not go on. */
async function stoppedHolder(temp: TempFolder): Promise<Process> {
  const path = temp.write("ports.toml", KEPT);
  Deno.chmodSync(temp.write("ports.toml.lock", ""), 0o600);
  const { steps } = await courseOf(SCENARIOS[1]!);
  const writes = steps.find(({ operation }) => operation === "file.write")!;
  const holder = new Process([`--store=${path}`, "fresh"], {
    program: selfEnding("SIGSTOP", "before", writes.at),
  });
  try {
    await holder.stopped();
  } catch (error) {
    await holder[Symbol.asyncDispose]();
    throw error;
  }
  return holder;
}

/** Waits until a process has a file open. */
async function hasOpen(pid: number, path: string): Promise<void> {
  for (;;) {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      try {
        if (Deno.readLinkSync(`/proc/${pid}/fd/${name}`) === path) return;
      } catch (error) {
        // It was closed just now.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

Deno.test({
  name:
    "while a holder of the lock is stopped, others look names up, and give up in time",
  ignore: !has(() => true),
  fn: async () => {
    using temp = new TempFolder();
    await using holder = await stoppedHolder(temp);
    const store = `--store=${temp.file("ports.toml")}`;

    assertEquals((await portFor([store, "web"])).stdout, "24017\n");
    await eachOf(Array.from({ length: 4 }).keys(), 4, async (at) => {
      const args = at % 2 ? ["-uweb"] : [`late${at}`];
      const start = performance.now();
      const outcome = await portFor([store, "--wait=0.5", ...args]);
      const seconds = (performance.now() - start) / 1000;
      assertEquals([outcome.status, outcome.stdout], [1, ""]);
      // What it says is how long it waited, however busy the machine is.
      const pid = `(pid ${holder.pid})`;
      for (const part of [pid, "0.5 s", "fuser -v", "--wait"]) {
        assertStringIncludes(outcome.stderr, part);
      }
      assert(seconds >= 0.5, `it took ${seconds} s`);
    });
    assertEquals(temp.read("ports.toml"), KEPT);

    holder.kill("SIGCONT");
    const { status, stdout } = await holder.end();
    assertEquals(status, 0);
    const entries = entriesOf(temp.read("ports.toml"));
    assertEquals(entries.get("fresh"), Number(stdout));
    assertEquals((await portFor([store, "late"])).status, 0);
    survived({ faults: 1, processes: 7 });
  },
});

for (const signal of ["SIGCONT", "SIGKILL"] as const) {
  Deno.test({
    name: `who waits for the lock gets it when its holder gets a ${signal}`,
    ignore: !has(() => true),
    fn: async () => {
      using temp = new TempFolder();
      await using holder = await stoppedHolder(temp);
      const store = `--store=${temp.file("ports.toml")}`;
      await using waiter = new Process([store, PATIENT, "late"]);
      await hasOpen(waiter.pid, temp.file("ports.toml.lock"));
      assertEquals(temp.read("ports.toml"), KEPT);

      holder.kill(signal);
      const held = await holder.end();
      const { status, stdout, stderr } = await waiter.end();
      assertEquals([status, stderr], [0, ""]);
      const entries = entriesOf(temp.read("ports.toml"));
      assertEquals(entries.get("late"), Number(stdout));
      assertEquals(entries.has("fresh"), signal === "SIGCONT");
      if (signal === "SIGCONT") {
        assertEquals(entries.get("fresh"), Number(held.stdout));
      }
      assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
      const killed = signal === "SIGKILL" ? 1 : 0;
      survived({ faults: 1 - killed, kills: killed, processes: 2 });
    },
  });
}
