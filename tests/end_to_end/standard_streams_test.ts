import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isBunBinary } from "../support/engine.ts";
import { Store, unixTest as test } from "../support/store.ts";
import { hasTerminal, inTerminal } from "../support/terminal.ts";

const isLinux = Deno.build.os === "linux";

/** Calls of every kind: what is printed, tables, refusals, commands. */
const CALLS: readonly (readonly string[])[] = [
  ["web"],
  ["--list"],
  ["--status"],
  ["--map"],
  ["--explain", "24017"],
  ["--check"],
  ["--help"],
  ["--get", "none"],
  ["--nonsense"],
  ["web", "--", "true"],
  ["web", "--", "/nonexistent/command"],
];

Deno.test({
  name: "an answer for a standard output that was closed is a failure",
  // Deno gives no sign of it.
  ignore: !isLinux || !isBunBinary,
  fn: async () => {
    using store = new Store("[ports]\nweb = 24017\n");
    for (const args of [["web"], ["--list"], ["--json", "web"], ["new"]]) {
      const closed = { prefix: ["sh", "-c", '"$@" >&-', "sh"] };
      const { status, stderr } = await store.callWith(closed, ...args);
      assertEquals(status, 1, `${args}`);
      assertStringIncludes(stderr, "cannot print the answer: standard output");
    }
    // What was given away is kept, and /dev/null is as good as any file.
    await store.print("--get", "new");
    for (const how of [">/dev/null", "<>/dev/null >&0", ">>/dev/null"]) {
      const prefix = ["sh", "-c", `"$@" ${how}`, "sh"];
      assertEquals(await store.printWith({ prefix }, "web"), "", how);
    }
  },
});

/** Runs a call, then writes down the flags of the three streams, before, after. */
const NOTING_FLAGS = `
noted=$1; shift
exec 3<&0 4>&1 5>&2
flags() { for n in 3 4 5; do sed -n 's/^flags:.//p' /proc/$$/fdinfo/$n; done; }
flags >"$noted"
"$@" || :
flags >>"$noted"
`;

Deno.test({
  name: "no call changes the flags of pipes that others use as well",
  ignore: !isLinux,
  fn: async () => {
    using store = new Store("[ports]\nweb = 24017\n");
    for (const args of CALLS) {
      const script = ': | { sh -c "$0" sh "$@" 2>&1 >&3 | cat; } 3>&1 | cat';
      const noting = ["sh", "-c", script, NOTING_FLAGS, store.file("noted")];
      await store.callWith({ prefix: noting }, ...args);
      assertUnchanged(store.read("noted"), args);
    }
  },
});

Deno.test({
  name: "no call changes the flags of the terminal",
  ignore: !isLinux || !hasTerminal,
  fn: async () => {
    using store = new Store("[ports]\nweb = 24017\n");
    for (const args of CALLS) {
      const noting = ["sh", "-c", NOTING_FLAGS, "sh", store.file("noted")];
      await inTerminal(80, args, {
        prefix: [...store.network?.prefix ?? [], ...noting],
        env: { PORT_FOR_STORE: store.storePath },
      });
      assertUnchanged(store.read("noted"), args);
    }
  },
});

function assertUnchanged(noted: string, args: readonly string[]): void {
  const flags = noted.trimEnd().split("\n");
  assertEquals(flags.length, 6, `${args}`);
  assertEquals(flags.slice(3), flags.slice(0, 3), `${args}`);
  // Not that it was there before.
  for (const flag of flags) assert((parseInt(flag, 8) & O_NONBLOCK) === 0);
}

const O_NONBLOCK = 0o4000;

test("what follows a call in a pipe is not cut", async () => {
  using store = new Store("[ports]\nweb = 24017\n");
  const script = '{ "$@"; seq 1 300000; } | { sleep 0.2; wc -l; }';
  for (const args of [["--status"], ["web", "--", "true"]]) {
    const prefix = ["sh", "-c", script, "sh"];
    const lines = Number(await store.printWith({ prefix }, ...args));
    assert(lines >= 300_000, `${args}: ${lines}`);
  }
});
