import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  inlineEntries,
  placesIn,
  type Statement,
  statementsOf,
} from "../../lib/toml/statements.ts";

/** A statement in short: its path, and how its value and lines read. */
function shown(text: string) {
  return ({ kind, path, value, lines }: Statement) => ({
    kind,
    path,
    value: text.slice(value.start, value.end),
    lines: text.slice(lines.start, lines.end),
  });
}

function key(path: readonly string[], value: string, lines: string) {
  return { kind: "key", path, value, lines };
}

function table(path: readonly string[], lines: string) {
  return { kind: "table", path, value: "", lines };
}

Deno.test("keys, headers, comments and blank lines are told apart", () => {
  const text = `# a = 1

a = 1 # b = 2
\t[ x . "y.z" ]  # [no]
'k' . "l" = "v"
[[list]]
m=[]
`;
  assertEquals(statementsOf(text).map(shown(text)), [
    key(["a"], "1", "a = 1 # b = 2\n"),
    table(["x", "y.z"], '\t[ x . "y.z" ]  # [no]\n'),
    key(["x", "y.z", "k", "l"], '"v"', '\'k\' . "l" = "v"\n'),
    table(["list"], "[[list]]\n"),
    key(["list", "m"], "[]", "m=[]\n"),
  ]);
});

Deno.test("a value ends where it ends, whatever it has in it", () => {
  const values = [
    "1",
    "+1_000",
    "-inf",
    "true",
    "1979-05-27T07:32:00Z",
    "1979-05-27 07:32:00.5-07:00",
    "07:32:00",
    '""',
    "''",
    '"a # b"',
    '"\\""',
    '"\\\\"',
    "'\\'",
    '""""""',
    "''''''",
    '"""\n[ports]\nx = 1 # """',
    '"""two quotes at the end: """""',
    "'''one: ''''",
    '"""escaped: \\""""',
    "'''\n\"\"\"\n'''",
    "[]",
    "[[1, 2], ['#', \"]\"]]",
    '[ # ] "\n  1, # }\n]',
    "{}",
    "{ a = 1, 'b' = \"}\", c.d = [ { e = '}' } ] }",
  ];
  for (const value of values) {
    const text = `before = 0\nk = ${value} # comment\nafter = 1`;

    assertEquals(
      statementsOf(text).map(shown(text)),
      [
        key(["before"], "0", "before = 0\n"),
        key(["k"], value, `k = ${value} # comment\n`),
        key(["after"], "1", "after = 1"),
      ],
      value,
    );
  }
});

Deno.test("keys are read as TOML reads them", () => {
  for (
    const [written, meant] of [
      ["bare-KEY_1", "bare-KEY_1"],
      ['"two words"', "two words"],
      ['""', ""],
      ["''", ""],
      ["'no \\u0041'", "no \\u0041"],
      ['"\\u0041\\U0001F600\\t\\"\\\\"', 'A\u{1f600}\t"\\'],
      ['"]="', "]="],
      ["1234", "1234"],
      ['"__proto__"', "__proto__"],
    ] as const
  ) {
    const text = `${written} = 1\n[${written}]\n`;
    assertEquals(statementsOf(text).map(({ path }) => path), [[meant], [
      meant,
    ]]);
  }
});

Deno.test("CRLF line ends, a byte order mark and an open end are no trouble", () => {
  const text = "\ufeffa = 1\r\n\r\n[t]\r\nb = '''x\r\ny'''";
  assertEquals(statementsOf(text).map(shown(text)), [
    key(["a"], "1", "a = 1\r\n"),
    table(["t"], "[t]\r\n"),
    key(["t", "b"], "'''x\r\ny'''", "b = '''x\r\ny'''"),
  ]);
  assertEquals(statementsOf(""), []);
  assertEquals(statementsOf("# only this"), []);
});

Deno.test("the entries of an inline table are cut out as they are written", () => {
  const text = "t = {a=1 ,  'b,' = \"},\", c.d = [1, 2] , e = { f = 1 }}";
  const [{ value }] = statementsOf(text) as [Statement];

  const texts = inlineEntries(text, value)
    .map(({ start, value }) => text.slice(start, value.end));
  assertEquals(texts, [
    "a=1",
    "'b,' = \"},\"",
    "c.d = [1, 2]",
    "e = { f = 1 }",
  ]);
  assertEquals(inlineEntries("{ }", { start: 0, end: 3 }), []);
});

Deno.test("a place is a line and a column, both from 1", () => {
  const text = "ab\r\nc\n";
  assertEquals(placesIn(text)(0), { line: 1, column: 1 });
  assertEquals(placesIn(text)(1), { line: 1, column: 2 });
  assertEquals(placesIn(text)(4), { line: 2, column: 1 });
  assertEquals(placesIn(text)(text.length), { line: 3, column: 1 });
});

/** Any text as a key between double quotes. */
const quotedKey = fc.string({ unit: "binary" }).map((name) => ({
  name,
  // JSON leaves DEL as it is, TOML does not.
  written: JSON.stringify(name).replaceAll("\x7f", "\\u007f"),
}));
const bareKey = fc.stringMatching(/^[A-Za-z0-9_-]+$/).map((name) => ({
  name,
  written: name,
}));
const literalKey = fc.stringMatching(/^[^'\p{Cc}]*$/u).map((name) => ({
  name,
  written: `'${name}'`,
}));
const anyKey = fc.oneof(quotedKey, bareKey, literalKey);
const blanks = fc.stringMatching(/^[ \t]{0,2}$/);

Deno.test("any key is found again, however it is written", () => {
  fc.assert(fc.property(
    fc.array(
      fc.tuple(fc.array(anyKey, { minLength: 1, maxLength: 3 }), blanks),
      { maxLength: 8 },
    ),
    (keys) => {
      const text = keys.map(([path, blank]) =>
        blank + path.map(({ written }) => written).join(`${blank}.${blank}`) +
        `${blank}=${blank}1${blank}# '\n`
      ).join("");
      assertEquals(
        statementsOf(text).map(({ path }) => path),
        keys.map(([path]) => path.map(({ name }) => name)),
      );
    },
  ));
});
