import { assert, assertEquals } from "@std/assert";
import { isBunBinary } from "../support/engine.ts";
import { failing } from "../support/failing_calls.ts";
import { HeldStore } from "../support/held_store.ts";
import { PROGRAM, works } from "../support/program.ts";
import { assertRefused, Store } from "../support/store.ts";

const MDWE = failing("MDWE");
const ENOLCK = 37;

/** What Deno itself needs there, and Bun does not. */
const JITLESS = "--v8-flags=--jitless";

/** The program, as it starts where no code may be made at run time. */
const program = isBunBinary
  ? PROGRAM
  : PROGRAM.flatMap((word) => word === "run" ? ["run", JITLESS] : [word]);

const ignore = !works(...MDWE, "true") ||
  !(isBunBinary || PROGRAM.includes("run"));

for (
  const [what, prefix] of [
    ["MemoryDenyWriteExecute=", MDWE],
    // Deno needs far more address space than this, whatever is run.
    ["ulimit -v", ["sh", "-c", 'ulimit -v 4000000; exec "$@"', "sh"]],
  ] as const
) {
  Deno.test({
    name: `under ${what} names are given, looked up and run with`,
    ignore: ignore || (what === "ulimit -v" && !isBunBinary),
    fn: async () => {
      using store = new Store("[ports]\nweb = 24017\n");
      const options = { prefix, program };
      const print = (...args: string[]) => store.printWith(options, ...args);

      const [db] = await store.ports("db");
      await store.print("--unbind=db");
      assertEquals(await print("web"), "24017\n");
      assertEquals(await print("db"), `${db}\n`);
      assertEquals(await print("--udp", "--port=24019", "dns"), "24019\n");
      await print("--status");
      assertEquals(await store.print("--get=db"), `${db}\n`);
      // The command is this very process.
      const prefixed = ["sh", "-c", 'echo $$; exec "$@"', "sh", ...prefix];
      const script = 'echo $$; echo "$PORT $WEB_PORT $0"; env | grep -c ^PORT=';
      const ran = await store.printWith(
        { prefix: prefixed, program, env: { PORT: "1" } },
        ...["web", "--", "sh", "-c", script, "{web}"],
      );
      const [before, after, ...rest] = ran.trimEnd().split("\n");
      assertEquals(after, before);
      assertEquals(rest, ["24017 24017 24017", "1"]);
    },
  });
}

Deno.test({
  name: "where no code may be made, a lock is waited for, and told truly",
  ignore,
  fn: async () => {
    await using store = await HeldStore.of("[ports]\nweb = 24017\n");
    const options = { prefix: MDWE, program };
    for (const wait of ["0", "0.3"]) {
      const outcome = await store.callWith(options, `--wait=${wait}`, "db");
      assertRefused(outcome, 1, `(pid ${store.holderPid})`, "--wait");
    }
    const waiting = store.printWith(options, "--wait=60", "db");
    await store.hasWaiters(1);
    await store.release();
    await waiting;

    const unlockable = {
      program,
      prefix: failing("MDWE", `flock=${ENOLCK}`),
    };
    const outcome = await store.callWith(unlockable, "more");
    assertRefused(outcome, 1, "cannot lock files", "local disk");
  },
});

Deno.test({
  name: "where no code may be made, Bun says that it takes flock",
  ignore: ignore || !isBunBinary,
  fn: async () => {
    using store = new Store("[ports]\nweb = 24017\n");
    const options = {
      prefix: [...MDWE, "env", `PATH=${store.path}`],
    };
    const outcome = await store.callWith(options, "db");
    assertRefused(outcome, 1, "flock", "install util-linux");
    assert(!outcome.stderr.includes("folder"), outcome.stderr);
  },
});
