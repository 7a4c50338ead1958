import { assert, assertEquals } from "@std/assert";
import { type Problem, readDocument } from "../../lib/toml/document.ts";

/** What a text says: each name with the port, the count, the expiry. */
function meaning(text: string | undefined): Record<string, unknown[]> {
  const { associations, problems } = readDocument(text);
  assertEquals(problems, [], text);
  return Object.fromEntries(
    [...associations.values()].map(
      ({ name, port, count, expires }) => [
        name,
        expires ? [port, count, expires.toISOString()] : [port, count],
      ],
    ),
  );
}

Deno.test("every way that TOML has to write an entry is read", () => {
  for (
    const text of [
      "[ports]\nweb = 2000",
      "[ports]\n'web' = 2_000",
      '[ports]\n"\\u0077eb" = 0x7d0',
      "ports.web = 2000",
      "[ports.web]\nport = 2000",
      "[ports]\nweb.port = 2000",
      "ports.web.port = 2000",
      "[ports]\nweb = { port = 2000 }",
      "ports = { web = 2000 }",
      "ports = { web = { port = 2000, note = 'x' } }",
      '["ports"]\r\nweb = 2000\r\n',
      "\ufeffversion = 1\n[ports]\nweb = 2000",
    ]
  ) {
    assertEquals(meaning(text), { web: [2000, 1] }, text);
  }
});

Deno.test("blocks and leases are read", () => {
  assertEquals(
    meaning(
      "[ports]\n" +
        "a = { port = 2000, count = 4, expires = 2026-12-01T00:00:00Z }\n" +
        "b = { port = 2004, expires = 2026-12-01 01:00:00+01:00 }\n",
    ),
    {
      a: [2000, 4, "2026-12-01T00:00:00.000Z"],
      b: [2004, 1, "2026-12-01T00:00:00.000Z"],
    },
  );
});

Deno.test("a store that does not exist and an empty text have no associations", () => {
  for (const text of [undefined, "", "\n", "# x", "[ports]", "ports = {}"]) {
    assertEquals(meaning(text), {});
  }
});

Deno.test("the associations are in the text's order", () => {
  const text = "[ports]\nz = 2000\n10 = 2001\na = 2002\n9 = 2003\n";

  assertEquals([...readDocument(text).associations.keys()], [
    "z",
    "10",
    "a",
    "9",
  ]);
});

Deno.test("the policy is read as it may be written", () => {
  for (
    const [text, range, excluded] of [
      ["[policy]\nrange = '20000-29999'", { first: 20000, last: 29999 }, []],
      ["[policy]\nrange = 20000", { first: 20000, last: 20000 }, []],
      ["[policy]\nexclude = ['25', '27-29', 31]", undefined, [
        25,
        27,
        28,
        29,
        31,
      ]],
      ["[policy]\nexclude = '25, 27-28'", undefined, [25, 27, 28]],
      ["policy = { exclude = 25 }", undefined, [25]],
      ["[policy]\nother = 1", undefined, []],
      ["", undefined, []],
    ] as const
  ) {
    const { policy, problems } = readDocument(text);
    assertEquals(problems, []);
    assertEquals(policy.range, range);
    assertEquals([...policy.exclude ?? []], excluded);
  }
});

Deno.test("what is wrong is told with its place and its name", () => {
  const web = (problem: Partial<Problem>) => ({
    line: 2,
    column: 1,
    name: "web",
    ...problem,
  });
  for (
    const [text, part, where] of [
      ["[ports]\nweb = 0", "whole number from 1 to 65535", web({})],
      ["[ports]\n\tweb = 65536", "whole number from 1", web({ column: 2 })],
      ["[ports]\nweb = 80.5", "whole number from 1 to 65535", web({})],
      ["[ports]\nweb = '80'", "whole number from 1 to 65535", web({})],
      ["[ports]\nweb = []", "whole number from 1 to 65535", web({})],
      ["[ports]\nweb = 2026-12-01", "whole number from 1", web({})],
      ["# x\n[ports.web]\nnote = 1", "whole number from 1 to 65535", web({})],
      ["# x\nports.web = -1", "whole number from 1 to 65535", web({})],
      ["# x\nports = { web = 0 }", "whole number from 1 to 65535", web({})],
      ["[ports]\nweb = { port = 65535, count = 2 }", "from 1 to 1", web({})],
      ["[ports]\nweb = { port = 80, count = 0 }", "the count of", web({})],
      ["[ports]\nweb = { port = 80, expires = 1 }", "the expiry of", web({})],
      [
        "[ports]\nweb = { port = 80, expires = 2026-12-01 }",
        "the expiry of",
        web({}),
      ],
      [
        "[ports]\nweb = { port = 80, expires = 2026-12-01T00:00:00 }",
        "with an offset",
        web({}),
      ],
      ["[policy]\nrange = 'x'", 'the range "x"', { line: 2, column: 1 }],
      ["[policy]\nrange = {}", "the range", { line: 2, column: 1 }],
      ["[policy]\nexclude = [[]]", "the exclusion", { line: 2, column: 1 }],
      ["policy = 1", '"policy" is not a table', { line: 1, column: 1 }],
      [
        "version = 2",
        "version 2 is newer",
        { line: 1, column: 1, wayOut: "use a newer port-for" },
      ],
      ["\nversion = 0", '"version" is not 1', { line: 2, column: 1 }],
      ["version = '1'", '"version" is not 1', { line: 1, column: 1 }],
      ["\nports = 1", '"ports" is not a table', { line: 2, column: 1 }],
      ["[[ports]]\nweb = 80", "is not a table", { line: 1, column: 1 }],
    ] as const
  ) {
    const { problems } = readDocument(text);
    assertEquals(problems.length, 1, text);
    const { message, ...place } = problems[0]!;
    assert(message.includes(part), message);
    assertEquals<unknown>(place, where, text);
  }
});

Deno.test("associations that share a port are all unsound, others are not", () => {
  const { associations, problems } = readDocument(
    "[ports]\na = 2001\nsound = 2009\nb = { port = 2000, count = 2 }\n",
  );

  assertEquals([...associations.keys()], ["sound"]);
  assertEquals(problems.map(({ name, line }) => [name, line]), [
    ["a", 2],
    ["b", 4],
  ]);
  for (const { message } of problems) {
    for (const part of ["2001", '"a"', '"b"']) assert(message.includes(part));
  }
});

Deno.test("a block that reaches into two others makes both unsound", () => {
  const { associations } = readDocument(
    "[ports]\na = 2001\nb = 2002\nc = { port = 2001, count = 2 }\n",
  );

  assertEquals([...associations.keys()], []);
});
