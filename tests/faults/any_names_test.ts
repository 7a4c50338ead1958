import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PortForError } from "../../lib/error.ts";
import { StoreOn } from "../support/store_on.ts";
import { inForm, SEED } from "../support/fault_form.ts";
import { hastyMachine } from "../support/interposed.ts";
import { entriesOf } from "../support/scenarios.ts";
import { TempFolder } from "../support/temp.ts";

const RUNS = { seed: SEED, numRuns: inForm(80, 1500) };

/** Names that mean something to TOML, to JavaScript, to a terminal or a shell. */
const STRANGE = [
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"],
  ...["ports", "port", "version", "policy", "a.b", "a", "b", ".", "..", "a."],
  ...['"', "'", '"""', "'''", '""', "''", '"a"', "'a'", "\\", '\\"', "\\u0041"],
  ...["#", "# a", "=", "a = 1", "[", "]", "[ports]", "[[ports]]", "{", "}"],
  ...[",", "a,b", "true", "inf", "nan", "1", "01", "1e3", "0x1", "1979-05-27"],
  ...["\u{1f600}".repeat(255), "x".repeat(255), "\u{1f468}\u200d\u{1f469}"],
  ...["\u200f\u05d0\u200e", "\u202eevil", "a\ufeffb", "a\u2028b", "a\u2029b"],
  ...[
    "\ufffd",
    "\u{10ffff}",
    "e\u0323\u0301x".normalize(),
    "\u00e9",
    "a b",
    "a\u00a0b",
    "$(id)",
  ],
];

/** What DESIGN calls a name, in words of its own. */
function isName(text: string): boolean {
  const characters = [...text];
  return characters.length >= 1 && characters.length <= 255 &&
    !/\p{Cc}/u.test(text) && text.isWellFormed() &&
    !/^\s|\s$/.test(text) && !text.startsWith("-") &&
    text === text.normalize("NFC");
}

const anyName = fc.oneof(
  fc.constantFrom(...STRANGE),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter(isName),
  fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter(isName),
);

/** What one may do to a store, with names and ports from a small pool each. */
const anyCommand = fc.oneof(
  fc.record({
    do: fc.constant("associate" as const),
    names: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    do: fc.constant("associate with port" as const),
    name: fc.nat(5),
    port: fc.integer({ min: 20000, max: 20003 }),
  }),
  fc.record({
    do: fc.constant("release" as const),
    names: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
  }),
);

type Command = typeof anyCommand extends fc.Arbitrary<infer T> ? T : never;

/** Does a command to a store, and to the plain map that it should equal. */
async function perform(
  command: Command,
  pool: readonly string[],
  store: StoreOn,
  map: Map<string, number>,
): Promise<void> {
  const name = (at: number) => pool[at % pool.length]!;
  switch (command.do) {
    case "associate": {
      const names = command.names.map(name);
      const ports = await store.associate(names);
      for (const [at, name] of names.entries()) {
        const port = ports[at]!;
        const free = ![...map.values()].includes(port);
        assert(map.get(name) === port || !map.has(name) && free, name);
        map.set(name, port);
      }
      return;
    }
    case "associate with port": {
      const { port } = command;
      const own = name(command.name);
      const taken = map.has(own)
        ? map.get(own) !== port
        : [...map.values()].includes(port);
      const outcome = await store.associate(own, { port })
        .catch((error: unknown) => error);
      if (taken) {
        assert(outcome instanceof PortForError);
        assertEquals((outcome as PortForError).code, "PORT_TAKEN");
      } else {
        assertEquals(outcome, port);
        map.set(own, port);
      }
      return;
    }
    case "release": {
      const names = command.names.map(name);
      const missing = names.filter((name) => !map.has(name));
      assertEquals(await store.release(names), missing);
      for (const name of names) map.delete(name);
    }
  }
}

function assertSame(store: StoreOn, map: ReadonlyMap<string, number>): void {
  const listed = store.list();
  assertEquals(
    new Map(listed.map(({ name, port }) => [name, port])),
    new Map(map),
  );
  assertEquals(listed.length, map.size);
}

Deno.test("whatever is done to whichever names, the store equals a plain map", async () => {
  using temp = new TempFolder();
  let stores = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyName, { minLength: 1, maxLength: 6 }),
      fc.array(anyCommand, { minLength: 1, maxLength: 12 }),
      async (pool, commands) => {
        const path = temp.file(`${stores++}.toml`);
        const store = new StoreOn(hastyMachine, path);
        const map = new Map<string, number>();
        for (const command of commands) {
          await perform(command, pool, store, map);
          assertSame(store, map);
        }
        for (const name of pool) {
          assertEquals(store.get(name)?.port, map.get(name));
        }
        if (map.size > 0) {
          const entries = entriesOf(Deno.readTextFileSync(path));
          assertEquals(entries, map);
        }
      },
    ),
    RUNS,
  );
});
