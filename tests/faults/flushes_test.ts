import { assert, assertEquals, assertMatch } from "@std/assert";
import { canTrace, survived } from "../support/fault_form.ts";
import { type Scenario, SCENARIOS, Site } from "../support/scenarios.ts";
import { type SystemCall, traced } from "../support/traced.ts";

/** Every way to write, to flush and to rename. */
const CALLS = [
  ...["openat", "open", "creat", "close", "mkdir", "mkdirat"],
  ...["write", "pwrite64", "writev", "pwritev", "pwritev2", "io_uring_enter"],
  ...["fsync", "fdatasync", "syncfs", "sync"],
  ...["rename", "renameat", "renameat2", "exit_group"],
];

/** The one call among many that does something to a path. */
function only(
  calls: readonly SystemCall[],
  name: RegExp,
  about: string,
): SystemCall {
  const found = calls.filter((call) =>
    name.test(call.name) && call.args.includes(about) &&
    !call.result.startsWith("-1")
  );
  assertEquals(found.length, 1, `${name} of ${about}: ${Deno.inspect(found)}`);
  return found[0]!;
}

/** Asserts that each call returned before the next one began. */
function assertOrder(...calls: readonly SystemCall[]): void {
  for (const [at, call] of calls.entries()) {
    const next = calls[at + 1];
    if (!next) return;
    assert(
      call.ended < next.began,
      `${call.name}(${call.args}) comes after ${next.name}(${next.args})`,
    );
  }
}

async function assertFlushed(scenario: Scenario): Promise<void> {
  using site = new Site(scenario);
  const { status, stderr, stdout, calls } = await traced(site.args, {
    calls: CALLS,
    env: site.env,
  });
  assertEquals([status, stderr], [0, ""]);
  const folder = site.store.slice(0, site.store.lastIndexOf("/"));
  const temporary = `${site.store}.tmp`;

  const written = only(calls, /write/, `<${temporary}>`);
  const flushed = only(calls, /^fsync$/, `<${temporary}>`);
  const renamed = only(calls, /^rename/, `"${temporary}"`);
  assertMatch(renamed.args, new RegExp(`"${site.store}"`));
  const kept = only(calls, /^fsync$/, `<${folder}>`);
  const end = calls.filter(({ name }) => name === "exit_group")[0]!;
  assertOrder(written, flushed, renamed, kept, end);
  const answers = calls.filter(({ name, args }) =>
    /write/.test(name) && args.startsWith("1<")
  );
  // The whole answer, in one piece.
  assertEquals(answers.length, stdout === "" ? 0 : 1);
  for (const answer of answers) assertOrder(kept, answer, end);
  survived({ processes: 1 });
}

for (const scenario of SCENARIOS) {
  if (scenario.what === "looks a name up") continue;
  Deno.test({
    name:
      `a call that ${scenario.what} flushes the data before the rename, the folder after it, and answers last`,
    ignore: !canTrace,
    fn: () => assertFlushed(scenario),
  });
}

Deno.test({
  name: "folders made for a store are flushed into the folders above them",
  ignore: !canTrace,
  fn: async () => {
    const scenario = SCENARIOS.find(({ place }) => place === "user")!;
    using site = new Site(scenario);
    const { calls } = await traced(site.args, {
      calls: CALLS,
      env: site.env,
    });
    for (const made of ["state", "state/port-for"].map((f) => site.file(f))) {
      const making = only(calls, /^mkdir/, `"${made}"`);
      const above = made.slice(0, made.lastIndexOf("/"));
      const flushes = calls.filter(({ name, args, began }) =>
        name === "fsync" && args.includes(`<${above}>`) &&
        began > making.ended
      );
      assert(flushes.length > 0, `${above} is not flushed`);
    }
  },
});

Deno.test({
  name: "a lookup writes nothing but the answer",
  ignore: !canTrace,
  fn: async () => {
    const scenario = SCENARIOS.find(({ what }) => what === "looks a name up")!;
    using site = new Site(scenario);
    const { stdout, calls } = await traced(site.args, { calls: CALLS });
    assertEquals(stdout, "24017\n");
    const own = calls.filter(({ args }) => args.includes(site.path));
    assert(own.length > 0);
    for (const { name, args } of own) {
      assertMatch(name, /^(?:openat|open|close)$/);
      assert(!/O_(?:WRONLY|RDWR|CREAT|TRUNC)/.test(args), args);
    }
    assertEquals(site.names(), ["ports.toml"]);
  },
});
