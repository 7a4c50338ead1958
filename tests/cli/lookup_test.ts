import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { lookup } from "../../lib/cli/lookup.ts";
import { perform } from "../../lib/cli/perform.ts";
import { bareMachine, realMachine } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

const HEAD =
  "# port-for: which name holds which port\nversion = 1\n\n[ports]\n";

Deno.test("where others could swap the file, a lookup takes more care", () => {
  for (
    const [folder, isQuick] of [
      [{ mode: 0o755, userId: 0 }, true],
      [{ mode: 0o755, userId: 1000 }, true],
      [{ mode: 0o755, userId: 1001 }, false],
      [{ mode: 0o775, userId: 0 }, false],
      [{ mode: 0o1777, userId: 0 }, false],
    ] as const
  ) {
    const answer = lookup(bareMachine({
      os: "linux",
      args: ["web"],
      env: () => undefined,
      userId: () => 1000,
      stat: (path) => (path === "/etc" ? folder : { kind: "file" }) as never,
      readText: () => `${HEAD}web = 2000\n`,
    }));
    assertEquals(answer, isQuick ? "2000\n" : undefined);
  }
});

/** What a quick lookup answers in a store with these entries. */
function answer(
  entries: string,
  args: readonly string[],
  head = HEAD,
): string | undefined {
  return lookup(bareMachine({
    os: "linux",
    args,
    env: () => undefined,
    stat: () => ({ kind: "file", userId: 0 } as never),
    readText: (path) => {
      assertEquals(
        path,
        args[0] === "--store" ? args[1] : "/etc/port-for.toml",
      );
      return head + entries;
    },
  }));
}

Deno.test("names with a port are answered, in their order", () => {
  const entries = '"a/b" = 2000 # here\ndb = 2001\n';
  assertEquals(answer(entries, ["db"]), "2001\n");
  assertEquals(answer(entries, ["db", "a/b", "db"]), "2001\n2000\n2001\n");
  assertEquals(answer(entries, ["--store", "/x", "db"]), "2001\n");
  assertEquals(answer("\nx=1\r\n", ["x"], "[ports]"), "1\n");
});

Deno.test("tables of other names are no obstacle", () => {
  const entries = "web = 2000\nblock = { port = 2001, count = 4 }\n" +
    "lease = { port = 2005, expires = 2026-12-01T00:00:00Z }\n";
  assertEquals(answer(entries, ["web"]), "2000\n");
  assertEquals(answer(entries, ["block"]), undefined);
  assertEquals(answer(entries, ["web", "lease"]), undefined);
});

for (
  const [what, entries, args, head] of [
    ["names without a port", "web = 2000\n", ["db"]],
    ["no names", "web = 2000\n", []],
    ["options", "web = 2000\n", ["--json", "web"]],
    ["an option behind", "web = 2000\n", ["web", "-l"]],
    ["a command", "web = 2000\n", ["web", "--", "true"]],
    ["--store alone", "web = 2000\n", ["--store"]],
    ["an empty --store", "web = 2000\n", ["--store", "", "web"]],
    ["an option as --store", "web = 2000\n", ["--store", "--user", "web"]],
    ["--store and no name", "web = 2000\n", ["--store", "/x"]],
    ["an invalid name", '" web" = 2000\n', [" web"]],
    ["a name that is too long", `${"n".repeat(256)} = 1\n`, ["n".repeat(256)]],
    ["a name beyond ASCII", '"w\u00e9b" = 2000\n', ["w\u00e9b"]],
    ["a port that two names have", "web = 2000\ndb = 2000\n", ["web"]],
    [
      "a port in the block of another name",
      "web = 2002\ndb = { port = 2000, count = 4 }\n",
      ["web"],
    ],
    ["a port that is none", "web = 2000\ndb = 0\n", ["web"]],
    ["a block with no end", "web = 1\ndb = { port = 65535, count = 2 }\n", [
      "web",
    ]],
    ["a table with something else", "web = 1\ndb = { x = 1 }\n", ["web"]],
    [
      "a port in a block that is written in another order",
      "web = 2002\n" +
      "db = { port = 2000, expires = 2030-01-01T00:00:00Z, count = 4 }\n",
      ["web"],
    ],
    [
      "a table that is no TOML at its end",
      "web = 1\ndb = { port = 2000, expires = garbage }\n",
      ["web"],
    ],
    [
      "a moment that there is not",
      "web = 1\ndb = { port = 2000, expires = 2026-13-01T00:00:00Z }\n",
      ["web"],
    ],
    ["a key that is there twice", "web = 1\nweb = 2\n", ["web"]],
    ["what is no TOML", "web = 1\nnonsense\n", ["web"]],
    ["a policy", "web = 2000\n", ["web"], `[policy]\nrange = "1-9"\n${HEAD}`],
    ["another version", "web = 2000\n", ["web"], "version = 2\n[ports]\n"],
    ["the __proto__ of a table", "web = 2000\n", ["__proto__"]],
  ] as const
) {
  Deno.test(`${what}: that takes more than a quick lookup`, () => {
    assertEquals(answer(entries, args, head), undefined);
  });
}

Deno.test("whatever cannot be read is left to those who say why", () => {
  const fails = () => {
    throw new Error("it is broken");
  };
  const env = () => undefined;
  const file = () => ({ kind: "file", userId: 0 } as never);
  const folder = () => ({ kind: "folder" } as never);
  const notText = () => `${HEAD}web = 2000 # \ufffd\n`;
  for (
    const [stat, readText] of [
      [fails, notText],
      [folder, fails],
      [file, fails],
      [file, notText],
    ] as const
  ) {
    const machine = { os: "linux", args: ["web"], env, userId: () => 0 };
    const given = { ...machine, stat, readText };
    assertEquals(lookup(bareMachine(given)), undefined);
  }
});

Deno.test("a quick answer is the answer of those who look at everything", async () => {
  using temp = new TempFolder();
  const names = ["web", "a b", "__proto__", "10"];
  const name = fc.constantFrom(...names);
  const port = fc.integer({ min: 0, max: 12 });
  const value = fc.oneof(
    { weight: 4, arbitrary: port.map(String) },
    fc.constantFrom(
      "{ port = 5 }",
      "{ port = 4, count = 2 }",
      "{ port = 3, expires = 2020-01-01T00:00:00Z }",
      "{ port = 2, expires = 1 }",
      '{ port = 4, reserved = "kernel", count = 2 }',
      '{ port = 4, directory = "/x", reserved = "file" }',
      "65535",
      '"1"',
    ),
  );
  const entry = fc.tuple(name, value).map(([name, value]) =>
    `${JSON.stringify(name)} = ${value}\n`
  );
  const line = fc.oneof(
    { weight: 6, arbitrary: entry },
    fc.constantFrom("# web = 1\n", "\n", "[policy]\n", "web = 1", "garbage\n"),
  );
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 5 }),
      fc.array(name, { minLength: 1, maxLength: 2 }),
      async (lines, names) => {
        const path = temp.write("ports.toml", HEAD + lines.join(""));
        let out = "";
        const machine = realMachine({
          args: ["--store", path, ...names],
          writeOut: (text) => void (out += text),
          writeError: () => {},
        });
        const quick = lookup(machine);
        if (quick === undefined) return;
        answered++;
        assertEquals([await perform(machine), out], [0, quick]);
      },
    ),
    { numRuns: 1500 },
  );
  assert(answered > 30, `${answered}`);
});
