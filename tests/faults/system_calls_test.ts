import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  canTrace,
  eachOf,
  Failures,
  inForm,
  isLong,
  survived,
} from "../support/fault_form.ts";
import { bunProgram, denoProgram } from "../support/bun_program.ts";
import {
  assertNothingLost,
  courseOf,
  ERRORS,
  KEPT,
  type Scenario,
  SCENARIOS,
  Site,
} from "../support/scenarios.ts";
import { type SystemCall, traced } from "../support/traced.ts";
import { PROJECT } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Whatever can be done to a file. */
const CALLS = ["%file", "%desc"];

/** What changes something; the short form has no time for the others. */
const CHANGING = /^(?:write|fsync|rename|unlink|f?chmod|f?chown|flock|mkdir)/;

/** One system call among those of its name. */
interface Place {
  readonly call: SystemCall;
  readonly nth: number;
}

function filesOf(site: Site): string[] {
  const folder = site.store.slice(0, site.store.lastIndexOf("/"));
  return [folder, site.store, `${site.store}.tmp`, `${site.store}.lock`];
}

/** The system calls of a scenario that are about its store. */
async function placesOf(scenario: Scenario): Promise<Place[]> {
  using site = new Site(scenario);
  const { status, stdout, calls } = await traced(site.args, {
    calls: CALLS,
    paths: filesOf(site),
    env: site.env,
  });
  assertEquals([status, stdout], [0, (await courseOf(scenario)).stdout]);
  const seen = new Map<string, number>();
  return calls.map((call) => {
    const nth = (seen.get(call.name) ?? 0) + 1;
    seen.set(call.name, nth);
    return { call, nth };
  }).filter(({ call }) =>
    isLong || CHANGING.test(call.name) || call.args.includes("O_CREAT")
  );
}

/** Lets one system call fail. */
async function disturb(
  scenario: Scenario,
  { call, nth }: Place,
  code: string,
): Promise<void> {
  const course = await courseOf(scenario);
  const fault = `${scenario.what}: ${code} at ${call.name} number ${nth}, ` +
    call.args;
  using site = new Site(scenario);
  const { status, stdout, stderr } = await traced(site.args, {
    calls: CALLS,
    paths: filesOf(site),
    inject: { call: call.name, what: `error=${code}:when=${nth}` },
    env: site.env,
  });
  if (status === 0) assertEquals(stdout, course.stdout, fault);
  else {
    assertEquals(status, 1, fault);
    assertStringIncludes(stderr, "port-for: cannot ", fault);
    // Locking fails for other reasons, in reality.
    const reason = call.name === "flock" ? "cannot lock" : ERRORS[code]!;
    assertStringIncludes(stderr, reason, fault);
  }
  await assertNothingLost(site, scenario, course, stdout, fault);
}

// The others differ by what is asserted elsewhere.
for (const scenario of inForm(SCENARIOS.slice(1, 2), SCENARIOS.slice(0, 3))) {
  Deno.test({
    name:
      `nothing is lost where a system call fails in the program that ${scenario.what}`,
    ignore: !canTrace,
    fn: async () => {
      const failures = new Failures();
      const codes = Object.keys(ERRORS);
      const faults = (await placesOf(scenario)).flatMap((place, at) =>
        // In the short form another error at each call.
        inForm([codes[at % codes.length]!], codes).map((code) => ({
          place,
          code,
        }))
      );
      await eachOf(faults, 3, ({ place, code }) =>
        failures.try(
          `${code} at ${place.call.name}`,
          () => disturb(scenario, place, code),
        ));
      const count = failures.end();
      assert(count > 5);
      survived({ faults: count, processes: count + 1 });
    },
  });
}

for (const engine of ["Deno", "Bun"]) {
  Deno.test({
    name:
      `in slow motion, on ${engine}, a store that others replace all the time is found`,
    ignore: !canTrace,
    fn: async () => {
      using temp = new TempFolder();
      const path = temp.write("ports.toml", KEPT);
      const source = `${PROJECT}/main.ts`;
      // What it would take over is there, so nothing is written.
      const conf = temp.write("conf", "[DEFAULT]\nweb = 24017\n");
      const outcome = traced([`--store=${path}`, `--import=${conf}`], {
        program: engine === "Deno"
          ? denoProgram(source)
          : await bunProgram(source, temp),
        calls: CALLS,
        paths: [
          path,
          `${path}.lock`,
          // By way of these some look up where a file is.
          ...Array.from({ length: 30 }, (_, at) => `/proc/self/fd/${at}`),
        ],
        inject: { call: "%file", what: "delay_enter=30000" },
      });
      let ended = false;
      const end = outcome.finally(() => ended = true);
      let replaced = 0;
      for (const files = [temp.write("1", KEPT), temp.write("2", KEPT)];;) {
        Deno.linkSync(files[replaced++ % 2]!, temp.file("next"));
        Deno.renameSync(temp.file("next"), path);
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (ended) break;
      }
      const { status, stdout, stderr } = await end;
      assertEquals([status, stdout, stderr], [0, "", ""]);
      assert(replaced > 20);
      // The kernel's name for what is gone is not where the store is.
      const locks = temp.names().filter((name) => name.endsWith(".lock"));
      assertEquals(locks, ["ports.toml.lock"]);
      survived({ faults: replaced, processes: 1 });
    },
  });
}
