import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { OpenFile } from "../../lib/runtime/runtime.ts";
import { Failures, inForm, isLong, survived } from "../support/fault_form.ts";
import type { Interfere, Step } from "../support/interposed.ts";
import {
  assertNothingLost,
  call,
  courseOf,
  ERRORS,
  type Scenario,
  SCENARIOS,
  Site,
} from "../support/scenarios.ts";

/**
 * - `before`: it does nothing
 * - `half`: it does half of it
 * - `after`: it does all of it, and fails nevertheless, as on a network
 * - `from then on`: it does nothing, nor does any operation after it
 */
type Way = "before" | "half" | "after" | "from then on";

/** The operations that are none on a file, or that must not fail: telling why. */
const NOT_FILES = ["bindTcp", "connectTcp", "writeError"];

/** What goes on working when a disk breaks. */
const GOES_ON = [...NOT_FILES, "writeOut", "file.close"];

/** Files that are on no disk; port-for does as well as it can without them. */
function isElsewhere({ path }: Step): boolean {
  return /^\/(?:proc|sys|nonexistent)(?:\/|$)/.test(path);
}

/** Makes one step fail. Counts the files that are open. */
class Failure {
  open = 0;

  constructor(
    readonly at: number,
    readonly way: Way,
    readonly code: string,
  ) {}

  readonly interfere: Interfere = (step, run) => {
    const hit = step.at === this.at ||
      (this.way === "from then on" && step.at > this.at &&
        !GOES_ON.includes(step.operation) && !isElsewhere(step));
    // A file that cannot be closed is closed nevertheless: so says close(2).
    const does = !hit || this.way === "after" ||
      step.operation === "file.close";
    if (hit && this.way === "half") step.half?.();
    const result = does ? run() : undefined;
    if (step.operation === "file.close") this.open--;
    if (hit) {
      if (step.operation === "open" && does) (result as OpenFile).close();
      throw Object.assign(new Error(`${this.code}: made up`), {
        code: this.code,
      });
    }
    if (step.operation === "open") this.open++;
    return result!;
  };
}

function waysOf(step: Step): Way[] {
  if (NOT_FILES.includes(step.operation) || isElsewhere(step)) return [];
  return step.half
    ? ["before", "half", "after", "from then on"]
    : ["before", "after", "from then on"];
}

async function failOnce(
  scenario: Scenario,
  step: Step,
  way: Way,
  code: string,
): Promise<void> {
  const course = await courseOf(scenario);
  using site = new Site(scenario);
  const failure = new Failure(step.at, way, code);
  const fault = `${scenario.what}: ${code} ${way} step ${step.at}, ` +
    `${step.operation} ${step.path}`;
  const { status, stdout, stderr } = await call(site, failure.interfere);

  const told = step.operation === "writeOut";
  if (status === 0) assertEquals(stdout, course.stdout, fault);
  else {
    assertEquals(status, 1, fault);
    // That the answer could not be printed is nothing that is wrong with it.
    if (!told) {
      assertStringIncludes(stderr, "port-for: cannot ", fault);
      assertStringIncludes(stderr, ERRORS[code]!, fault);
    }
  }
  assertEquals(failure.open, 0, `${fault}: files that are still open`);
  const mayLeave = way === "from then on" || step.operation === "remove" ||
    (way === "after" && step.operation === "open");
  if (!mayLeave && !scenario.beside?.[".tmp"]) {
    assert(
      !exists(`${site.store}.tmp`),
      `${fault}: a temporary file is left over`,
    );
  }
  await assertNothingLost(site, scenario, course, stdout, fault);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

// The short form has the calls that differ most.
const SHORT = ["makes a store", "adds a name", "prunes", "sweeps up"];

for (const scenario of SCENARIOS) {
  if (!isLong && !SHORT.includes(scenario.what)) continue;
  Deno.test(`nothing is lost where an operation fails in a call that ${scenario.what}`, async () => {
    const { steps } = await courseOf(scenario);
    const failures = new Failures();
    for (const step of steps) {
      for (const way of waysOf(step)) {
        const codes = Object.keys(ERRORS);
        // In the short form another error at each step, and all over the call.
        const chosen = inForm([codes[step.at % codes.length]!], codes);
        for (const code of chosen) {
          await failures.try(
            `${step.operation} fails`,
            () => failOnce(scenario, step, way, code),
          );
        }
      }
    }
    survived({ faults: failures.end() });
  });
}
