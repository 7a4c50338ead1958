import { assert, assertEquals } from "@std/assert";
import { mulberry32 } from "../../lib/ports/candidates.ts";
import {
  eachOf,
  Failures,
  inForm,
  isLong,
  SEED,
  survived,
} from "../support/fault_form.ts";
import { Process, selfEnding } from "../support/process.ts";
import { changes, type Step } from "../support/interposed.ts";
import {
  assertNothingLost,
  commentsOf,
  courseOf,
  entriesOf,
  KEPT,
  type Scenario,
  SCENARIOS,
  Site,
} from "../support/scenarios.ts";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

type Way = "before" | "half" | "after";

/** Ends of a call: where they are, and in which way. */
function* endsOf(steps: readonly Step[]): Generator<[Step, Way]> {
  for (const step of steps) {
    if (isLong || changes(step)) {
      yield [step, "before"];
      yield [step, "after"];
    }
    if (step.half) yield [step, "half"];
  }
}

async function killAt(
  scenario: Scenario,
  step: Step,
  way: Way,
): Promise<void> {
  const course = await courseOf(scenario);
  const fault = `${scenario.what}: killed ${way} step ${step.at}, ` +
    `${step.operation} ${step.path}`;
  using site = new Site(scenario);
  await using process = new Process(site.args, {
    program: selfEnding("SIGKILL", way, step.at),
    env: site.env,
  });
  const { signal, stdout, stderr } = await process.end();

  assertEquals([signal, stderr], ["SIGKILL", ""], fault);
  await assertNothingLost(site, scenario, course, stdout, fault);
}

// The short form has the calls that differ most.
for (const scenario of inForm(SCENARIOS.slice(0, 3), SCENARIOS)) {
  Deno.test(`nothing is lost at whichever step a call is killed that ${scenario.what}`, async () => {
    const { steps } = await courseOf(scenario);
    const failures = new Failures();
    await eachOf(endsOf(steps), 3, ([step, way]) =>
      failures.try(
        `killed at ${step.operation}`,
        () => killAt(scenario, step, way),
      ));
    const kills = failures.end();
    survived({ kills, processes: kills });
  });
}

/** Keeps an eye on one store while calls that change it are killed. */
class Watch {
  /** Every name that was ever seen, or printed, with its port. */
  readonly #known = new Map<string, number>();

  constructor(readonly temp: TempFolder) {
    this.temp.write("ports.toml", KEPT);
    this.look("at the beginning");
  }

  get store(): string {
    return `--store=${this.temp.file("ports.toml")}`;
  }

  /** Somebody was told that a name has a port. */
  told(name: string, stdout: string): void {
    if (stdout.endsWith("\n")) this.#known.set(name, Number(stdout));
  }

  /** Asserts that the store is sound, and that all of it is still there. */
  look(when: string): void {
    const text = this.temp.read("ports.toml");
    const entries = entriesOf(text);
    for (const [name, port] of this.#known) {
      assertEquals(entries.get(name), port, `${when}: the port of ${name}`);
    }
    for (const [name, port] of entries) this.#known.set(name, port);
    assertEquals(commentsOf(text), commentsOf(KEPT), when);
  }

  /** Asserts that the next call works, and sweeps up. */
  async next(name: string): Promise<void> {
    const { status, stdout, stderr } = await portFor([
      this.store,
      "--wait=60",
      name,
    ]);
    assertEquals([status, stderr], [0, ""], name);
    this.told(name, stdout);
    this.look(name);
    assertEquals(this.temp.names(), ["ports.toml", "ports.toml.lock"], name);
  }
}

Deno.test("nothing is lost when calls of a crowd are killed at random moments", async () => {
  using temp = new TempFolder();
  const watch = new Watch(temp);
  const random = mulberry32(SEED + 1);
  const rounds = inForm(4, 40);
  const crowd = 15;
  let kills = 0;
  // As long as a crowd takes; the first one is left alone, and tells.
  let duration = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await eachOf(Array.from({ length: crowd }).keys(), crowd, async (at) => {
      const name = `round${round}.${at}`;
      await using process = new Process([watch.store, "--wait=60", name]);
      // Two of three are killed, some of them while they wait for the lock.
      const timer = at % 3 === 0 || round === 0
        ? undefined
        : setTimeout(() => process.kill("SIGKILL"), random() * duration);
      const { signal, status, stdout, stderr } = await process.end();
      clearTimeout(timer);
      if (signal === "SIGKILL") kills++;
      else assertEquals([status, stderr], [0, ""], name);
      watch.told(name, stdout);
      watch.look(`after ${name}`);
    });
    duration = Math.max(duration, performance.now() - start);
    await watch.next(`after${round}`);
  }
  assert(kills > 0);
  survived({ kills, processes: rounds * (crowd + 1) });
});
