import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parse, TomlError } from "smol-toml";
import { readPlainText } from "../../lib/toml/plain_text.ts";
import {
  isTable,
  type Meaning,
  NotTomlError,
  readToml,
} from "../../lib/toml/meaning.ts";

const OWN = `\
# port-for: which name holds which port on this machine
version = 1

[ports]
"example.com/apache" = 21553
web = 24017                   # the shop: ask Ops before you touch it

# leases
render = { port = 25100, count = 4, expires = 2026-12-01T00:00:00Z }
`;

Deno.test("port-for's own form is read without a TOML parser", () => {
  const plain = readPlainText(OWN);

  assertEquals(plain?.head, OWN.slice(0, OWN.indexOf("[ports]")));
  assertEquals([...plain!.entries], [
    ["example.com/apache", 21553],
    ["web", 24017],
    [
      "render",
      "{ port = 25100, count = 4, expires = 2026-12-01T00:00:00Z }",
    ],
  ]);
  assertEquals(plain?.end, OWN.length);
});

Deno.test("the end is that of the last entry, or of [ports]", () => {
  const rest = "\n# more\n\n";
  assertEquals(readPlainText(OWN + rest)?.end, OWN.length);
  assertEquals(readPlainText(`a = 1\n[ports] # here\n${rest}`)?.end, 21);
  assertEquals(readPlainText("[ports]")?.end, 7);
  assertEquals(readPlainText("[ports]\r\n")?.end, 9);
  assertEquals(readPlainText("[ports]\nweb = 1")?.end, 15);
});

for (
  const [what, text] of [
    ["has no [ports]", "web = 1\n"],
    ["writes the header in another way", "[ ports ]\nweb = 1\n"],
    ["names ports before", "ports.db = 1\n[ports]\nweb = 2\n"],
    ["might name ports before", '"p\\u006frts" = {}\n[ports]\nweb = 2\n'],
    ["has a table of an entry before", "[ports.db]\nport = 1\n[ports]\n"],
    ["has a key twice", "[ports]\nweb = 1\nweb = 2\n"],
    ["has a key twice, once in quotes", '[ports]\nweb = 1\n"web" = 2\n'],
    ["has another table behind", "[ports]\nweb = 1\n[policy]\n"],
    ["has an entry on the header's line", "[ports] web = 1\n"],
    ["has a dotted key", "[ports]\nweb.port = 1\n"],
    ["has an escape in a key", '[ports]\n"w\\u0065b" = 1\n'],
    ["has a number in another form", "[ports]\nweb = 0x50\n"],
    ["has a number with a zero before it", "[ports]\nweb = 080\n"],
    ["has a value of another kind", '[ports]\nweb = "80"\n'],
    ["has no value", "[ports]\nweb =\n"],
    ["has a control character in a comment", "[ports]\n# \x01\n"],
    ["has a bare carriage return", "[ports]\nweb = 1\rdb = 2\n"],
    ["has two entries on a line", "[ports]\nweb = 1 db = 2\n"],
  ] as const
) {
  Deno.test(`a text that ${what} is left to TOML`, () => {
    assertEquals(readPlainText(text), undefined);
  });
}

Deno.test("a header inside a text of several lines, or a comment, is none", () => {
  for (
    const text of [
      'a = """\n[ports]\nweb = 1\n"""\n',
      "# a\u2028[ports]\nweb = 1\n",
      "a = [\n[ports]\n]\n",
      "ports.db = 2\n[ports]\nweb = 1\n",
    ]
  ) {
    assertEquals(meaningOf(text, readToml), meaningOf(text, viaToml), text);
  }
});

const PIECES = [
  ..."[ports]|[policy]|[ports.z]|ports.y = 1|'ports'.x = 1|version = 1|web = 1|db = 2|web = 3|a.b = 4|[a]"
    .split(
      "|",
    ),
  ...'\n|\r\n|\r| |\t|#|# c|\u2028|"|\'|"""|\\|{|}|[|]|,|=|0|1|80|x'.split("|"),
  '"a b" = 5',
  '"__proto__" = 6',
  "__proto__ = 7",
  "10 = 8",
  "p = { port = 9, count = 2 }",
  'q = { port = 9, directory = "/a}b" } # }',
  "r = { expires = 2026-12-01T00:00:00Z }",
  "s = { port = 1, port = 2 }",
  "t = {}",
  "\x00",
  "\ufeff",
];

Deno.test("whatever the text, it means what TOML says it means", () => {
  const piece = fc.constantFrom(...PIECES);
  const line = fc.tuple(piece, fc.constantFrom("\n", "\n", "\r\n", ""))
    .map((parts) => parts.join(""));
  let plain = 0;
  fc.assert(
    fc.property(
      fc.constantFrom("", "[ports]\n", "version = 1\n\n[ports]\n"),
      fc.array(line, { maxLength: 8 }),
      (start, lines) => {
        const text = start + lines.join("");
        if (readPlainText(text)) plain++;
        assertEquals(meaningOf(text, readToml), meaningOf(text, viaToml));
      },
    ),
    { numRuns: 5000 },
  );
  assert(plain > 500, `${plain}`);
});

function viaToml(text: string): Meaning {
  const whole = parse(text.replace(/^\ufeff/, ""), {
    integersAsBigInt: "asNeeded",
  });
  const { ports, ...rest } = whole;
  return isTable(ports)
    ? { rest, ports: new Map(Object.entries(ports)) }
    : { rest: whole, ports: new Map() };
}

/** What a text means; `undefined` where it is no TOML. */
function meaningOf(
  text: string,
  read: (text: string) => Meaning,
): Meaning | undefined {
  try {
    const { rest, ports } = read(text);
    return { rest, ports };
  } catch (error) {
    if (error instanceof TomlError || error instanceof NotTomlError) return;
    throw error;
  }
}
