import { assert, assertEquals, assertMatch } from "@std/assert";
import { Failures, survived } from "../support/fault_form.ts";
import type { Step } from "../support/interposed.ts";
import {
  call,
  commentsOf,
  courseOf,
  entriesOf,
  KEPT,
  type Scenario,
  SCENARIOS,
  Site,
} from "../support/scenarios.ts";

/** What a person has meanwhile written into the store. */
const EDITED = KEPT.replace(
  "\n\n[notes]",
  "\nedited = 29600 # by hand\n\n[notes]",
);

/** What somebody does to the files of a store, once, between two steps. */
interface Disturbance {
  /** What it is. */
  readonly what: string;
  /** Does it. */
  readonly act: (site: Site) => void;
  /** Whether it is an edit, which must not get lost. */
  readonly edits?: boolean;
}

const DISTURBANCES: readonly Disturbance[] = [
  {
    what: "an editor replaces the store",
    edits: true,
    act: ({ store }) => {
      Deno.writeTextFileSync(`${store}~`, EDITED);
      Deno.renameSync(`${store}~`, store);
    },
  },
  {
    what: "an editor moves the store away and writes a new one",
    edits: true,
    act: ({ store }) => {
      Deno.renameSync(store, `${store}~`);
      Deno.writeTextFileSync(store, EDITED);
      Deno.removeSync(`${store}~`);
    },
  },
  {
    what: "an editor writes over the store",
    edits: true,
    act: ({ store }) => Deno.writeTextFileSync(store, EDITED),
  },
  {
    what: "an editor writes over the store, of the same length in no time",
    edits: true,
    act: ({ store }) => {
      const { atime, mtime } = Deno.statSync(store);
      const text = Deno.readTextFileSync(store);
      Deno.writeTextFileSync(store, text.replace("# a game", "# edited"));
      // As a clock says that ticks slowly.
      Deno.utimeSync(store, atime!, mtime!);
    },
  },
  {
    what: "a symlink to another store takes its place",
    edits: true,
    act: (site) => {
      Deno.writeTextFileSync(site.file("elsewhere"), EDITED);
      Deno.removeSync(site.store);
      Deno.symlinkSync(site.file("elsewhere"), site.store);
    },
  },
  {
    what: "somebody removes the store",
    act: ({ store }) => Deno.removeSync(store),
  },
  {
    what: "a folder takes the place of the store",
    act: ({ store }) => {
      Deno.removeSync(store);
      Deno.mkdirSync(store);
    },
  },
  {
    what: "somebody breaks the store",
    act: ({ store }) => Deno.writeTextFileSync(store, "[ports]\nweb = "),
  },
  {
    what: "somebody removes the lock",
    act: ({ store }) => removed(`${store}.lock`),
  },
  {
    what: "somebody replaces the lock",
    act: ({ store }) => {
      removed(`${store}.lock`);
      Deno.writeTextFileSync(`${store}.lock`, "");
    },
  },
  {
    what: "somebody removes the temporary file",
    act: ({ store }) => removed(`${store}.tmp`),
  },
  {
    what: "somebody replaces the temporary file",
    act: ({ store }) => {
      removed(`${store}.tmp`);
      Deno.writeTextFileSync(`${store}.tmp`, "[ports]\nevil = 24017\n");
    },
  },
  {
    what: "somebody closes the store to others",
    act: ({ store }) => Deno.chmodSync(store, 0o640),
  },
];

function removed(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Between the last look at the files and the rename, nothing can tell that
 * somebody else writes there. Nothing that takes time may happen then.
 */
const TAKES_TIME = /write|sync|chmod|chown|bind|connect|run/i;

/** Asserts that what got lost came in the very moment of the rename. */
function assertTooLate(steps: readonly Step[], at: number): void {
  const renamed = steps.find(({ operation }) => operation === "rename");
  if (!renamed || renamed.at < at) throw new Error("an edit got lost");
  for (const { operation } of steps.slice(at - 1, renamed.at)) {
    assert(
      !TAKES_TIME.test(operation),
      `an edit before ${operation} at step ${at} got lost`,
    );
  }
}

async function disturb(
  scenario: Scenario,
  at: number,
  { what, act, edits }: Disturbance,
): Promise<void> {
  const when = `${scenario.what}: ${what} before step ${at}`;
  using site = new Site(scenario);
  const steps: Step[] = [];
  const { status, stdout, stderr } = await call(site, (step, run) => {
    steps.push(step);
    if (step.at === at) act(site);
    return run();
  });
  const doing = steps[at - 1];
  const renamed = steps.find(({ operation }) => operation === "rename")?.at;
  const tooLate = renamed !== undefined && at > renamed;

  if (status !== 0) {
    assertEquals([status, stdout], [1, ""], when);
    assertMatch(stderr, /^port-for: cannot (?!go on)/, when);
  }
  if (!isFile(site.store)) return;
  const text = site.text()!;
  if (what === "somebody breaks the store" && text.length < KEPT.length) return;
  const entries = entriesOf(text);
  if (entries.has("evil")) return assertTooLate(steps, at);
  if (status === 0 && !tooLate) {
    // What was done is there, whatever was done to the store before.
    const { after } = await courseOf(scenario);
    for (const name of ["fresh", "web"]) {
      const wanted = entriesOf(after!).get(name);
      const lost = what === "somebody removes the store" && name === "web";
      if (!lost) assertEquals(entries.get(name), wanted, `${when}: ${name}`);
    }
  }
  const closed = what === "somebody closes the store to others" &&
    (Deno.statSync(site.store).mode! & 0o777) !== 0o640;
  if (closed || edits && !/^edited = 29600|# edited$/m.test(text)) {
    assertTooLate(steps, at);
  } else if (what !== "somebody removes the store") {
    // A line goes with its entry.
    const kept = commentsOf(KEPT)
      .filter((line) => entries.has("web") || line !== "# ask Ops")
      .filter((line) => !text.includes("# edited") || line !== "# a game");
    assertEquals(
      commentsOf(text).filter((line) => kept.includes(line)),
      kept,
      `${when}: ${doing?.operation}`,
    );
  }
  const leftover = [...Deno.readDirSync(site.path)]
    .some(({ name }) => name.endsWith(".tmp"));
  const planted = what.includes("temporary file");
  if (!planted) assert(!leftover, `${when}: a temporary file is left over`);

  const args = [site.args[0]!, "--wait=0", "next"];
  const next = await call(site, undefined, args);
  assertEquals([next.status, next.stderr], [0, ""], `${when}: the next call`);
  assertEquals(entriesOf(site.text()!).get("next"), Number(next.stdout), when);
  assert(!site.beside().includes("ports.toml.tmp"), when);
}

for (const disturbance of DISTURBANCES) {
  Deno.test(`nothing is lost where ${disturbance.what} at whichever step`, async () => {
    const failures = new Failures();
    for (const scenario of SCENARIOS.slice(1, 4)) {
      const { steps } = await courseOf(scenario);
      for (const { at, operation } of steps) {
        await failures.try(
          `before ${operation}`,
          () => disturb(scenario, at, disturbance),
        );
      }
    }
    survived({ faults: failures.end() });
  });
}

/** Lets a store come into being where there was none a moment ago. */
async function precede(scenario: Scenario, at: number): Promise<void> {
  const when = `${scenario.what}: somebody makes the store before step ${at}`;
  using site = new Site(scenario);
  const steps: Step[] = [];
  const { status, stdout, stderr } = await call(site, (step, run) => {
    steps.push(step);
    if (step.at === at) {
      const folder = site.store.slice(0, site.store.lastIndexOf("/"));
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeTextFileSync(`${site.store}~`, EDITED);
      Deno.renameSync(`${site.store}~`, site.store);
    }
    return run();
  });
  const renamed = steps.find(({ operation }) => operation === "rename")!;

  assertEquals([status, stderr], [0, ""], when);
  const entries = entriesOf(site.text()!);
  if (!entries.has("edited")) assertTooLate(steps, at);
  else if (at <= renamed.at) {
    assertEquals(entries.get("fresh"), Number(stdout), when);
    assertEquals(commentsOf(site.text()!), commentsOf(EDITED), when);
  }
}

Deno.test("nothing is lost where somebody else makes the store at whichever step", async () => {
  const failures = new Failures();
  for (const scenario of SCENARIOS.filter(({ before }) => !before)) {
    const { steps } = await courseOf(scenario);
    for (const { at, operation } of steps) {
      await failures.try(
        `before ${operation}`,
        () => precede(scenario, at),
      );
    }
  }
  survived({ faults: failures.end() });
});

Deno.test("a store that never stops changing is said to be that, and left alone", async () => {
  using site = new Site(SCENARIOS[1]!);
  let edits = 0;
  const { status, stderr } = await call(site, (step, run) => {
    if (step.operation === "file.write") {
      Deno.writeTextFileSync(site.store, `${KEPT}${"#".repeat(++edits)}\n`);
    }
    return run();
  });

  assertEquals(status, 1);
  assertMatch(stderr, /something else keeps changing it/);
  assertEquals(site.text(), `${KEPT}${"#".repeat(edits)}\n`);
  assertEquals(site.beside(), ["ports.toml", "ports.toml.lock"]);
  survived({ faults: edits });
});
