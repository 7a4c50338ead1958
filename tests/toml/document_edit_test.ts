import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Association,
  LONGEST_NAME,
  nameProblem,
} from "../../lib/association.ts";
import { readDocument } from "../../lib/toml/document.ts";
import { editDocument, EditError } from "../../lib/toml/document_edit.ts";

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

/** The text after one association is set, or taken away. */
function edited(
  text: string | undefined,
  name: string,
  change?: Partial<Association>,
): string {
  const association = change && { name, port: 0, count: 1, ...change };
  return editDocument(readDocument(text), new Map([[name, association]]));
}

Deno.test("names that JavaScript knows are names like any other", () => {
  const names = ["__proto__", "constructor", "toString", "valueOf", "ports"];
  let text: string | undefined;
  for (const [at, name] of names.entries()) {
    text = edited(text, name, { port: 2000 + at });
  }

  assertEquals([...readDocument(text).associations.keys()], names);
  for (const name of names) text = edited(text, name);
  assertEquals(meaning(text), {});
});

Deno.test("an entry is set where it stands, and all else is kept", () => {
  const lease = new Date("2026-12-01T00:00:00.999Z");
  for (
    const [before, change, after] of [
      ["web = 80 # c", { port: 81 }, "web = 81 # c"],
      ["'web'=80", { port: 81 }, "'web'=81"],
      [
        "web = 80",
        { port: 81, count: 4, expires: lease },
        "web = { port = 81, count = 4, expires = 2026-12-01T00:00:00Z }",
      ],
      ["web = {port = 80, count = 2} # c", { port: 80 }, "web = 80 # c"],
      [
        "web = { note = 'a, }', port = 80, x.y = [1] }",
        { port: 80, count: 2 },
        "web = { port = 80, count = 2, note = 'a, }', x.y = [1] }",
      ],
    ] as const
  ) {
    const text = (entry: string) => `# top\n[ports]\n${entry}\nz = 90`;
    assertEquals(edited(text(before), "web", change), text(after));
  }
});

Deno.test("an entry keeps its form, its place and its comments", () => {
  const until = new Date("2030-01-02T03:04:05Z");
  const EXPIRES = "expires = 2030-01-02T03:04:05Z";
  for (
    const [before, change, after] of [
      [
        "[ports.web] # ask Ops\nport = 80 # a\n# b\n[ports]\na = 90\n",
        { port: 81 },
        "[ports.web] # ask Ops\nport = 81 # a\n# b\n[ports]\na = 90\n",
      ],
      [
        "[ports.web] # ask Ops\nport = 80\nnote = 1\n\n[z]\n",
        { port: 80, expires: until },
        `[ports.web] # ask Ops\nport = 80\nnote = 1\n${EXPIRES}\n\n[z]\n`,
      ],
      [
        "[ports]\nweb.port = 80 # c\nweb.count = 2 # d\nb = 1\n",
        { port: 81 },
        "[ports]\nweb.port = 81 # c\n# d\nb = 1\n",
      ],
      [
        "ports.'web'.port = 80 # c\n",
        { port: 80, expires: until },
        `ports.'web'.port = 80 # c\nports.'web'.${EXPIRES}\n`,
      ],
      [
        "[ports]\nweb = {\n  port = 80, # c\n  count = 2, # d\n  note = 1,\n}\n",
        { port: 81, expires: until },
        `[ports]\nweb = {\n  port = 81, ${EXPIRES}, # c\n  # d\n  note = 1,\n}\n`,
      ],
      [
        "ports = { a = 1, web = { port = 80, note = 1 } } # c\n",
        { port: 81 },
        "ports = { a = 1, web = { port = 81, note = 1 } } # c\n",
      ],
      [
        "ports = {\n  web = 80, # c\n}\n",
        { port: 81, count: 2 },
        "ports = {\n  web = { port = 81, count = 2 }, # c\n}\n",
      ],
    ] as const
  ) assertEquals(edited(before, "web", change), after);
});

Deno.test("a new entry stands behind the last one", () => {
  for (
    const [before, after] of [
      ["[ports]", "[ports]\nnew = 81\n"],
      ["[ports]\n\n[z]\n", "[ports]\nnew = 81\n\n[z]\n"],
      ["[ports]\na = 80", "[ports]\na = 80\nnew = 81\n"],
      ["[ports]\na = 80\n# c\n", "[ports]\na = 80\nnew = 81\n# c\n"],
      ["ports.a = 80\n[z]\n", "ports.a = 80\nports.new = 81\n[z]\n"],
      ["[ports.a]\nport = 80\n", "[ports.a]\nport = 80\n\n[ports]\nnew = 81\n"],
      ["# c", "# c\n\n[ports]\nnew = 81\n"],
      ["x = 1\r\n", "x = 1\r\n\r\n[ports]\r\nnew = 81\r\n"],
      ["[ports]\r\na = 80\r\n", "[ports]\r\na = 80\r\nnew = 81\r\n"],
      ["ports = { a = 80 }\nx = 1\n", "x = 1\n\n[ports]\na = 80\nnew = 81\n"],
    ] as const
  ) {
    assertEquals(edited(before, "new", { port: 81 }), after);
  }
});

Deno.test("taking an entry away takes its own lines away", () => {
  for (
    const [before, after] of [
      ["[ports]\na = 80\nweb = 81 # c\nb = 82", "[ports]\na = 80\nb = 82"],
      ["[ports]\na = 80\nweb = 81", "[ports]\na = 80\n"],
      ["[ports.web]\nport = 81\n\n[z]\n", "\n[z]\n"],
      ["ports.web = 81\nx = 1\n", "x = 1\n"],
      [
        "ports = { web = 81, a = 80 }\n[z]\n",
        "[z]\n\n[ports]\na = 80\n",
      ],
      ["ports = { web = 81 } # c\n", " # c\n"],
      ["[ports]\nweb = { port = 81,\n note = 1 }\n", "[ports]\n"],
    ] as const
  ) {
    assertEquals(edited(before, "web"), after);
  }
});

Deno.test("taking away what is not there changes nothing", () => {
  for (const text of ["", "[ports]\na = 80", "[web]\nport = 81\n"]) {
    assertEquals(edited(text, "web"), text);
  }
});

Deno.test("what cannot be edited with certainty is refused", () => {
  for (
    const text of [
      // Comments between the lines would be lost.
      "ports = {\n  a = 80, # c\n}\n",
    ]
  ) {
    assertThrows(() => edited(text, "web", { port: 81, count: 2 }), EditError);
  }
});

/** Text that is none of port-for's business, each piece one of a kind. */
const FOREIGN: readonly ((mark: string) => string)[] = [
  (mark) => `# ${mark} [ports] = "`,
  (mark) => `${mark} = 1 # [ports]`,
  (mark) => `${mark} = "[ports]"`,
  (mark) => `${mark} = """\n[ports]\nweb = 1 # "\\""" ''' \n""" # c`,
  (mark) => `${mark} = '''\n"""\n[ports]\n\\''''`,
  (mark) => `${mark} = [ # ]\n  "]", '[', # "\n  [1, { a = "}" }],\n]`,
  (mark) => `${mark} = { a = "}", 'b' = [1], c.d = 1 } # }`,
  (mark) => `${mark}.ports.web = 1979-05-27 07:32:00 # c`,
  (mark) => `"${mark}" . 'ports' = -inf`,
];
const FOREIGN_TABLES: readonly ((mark: string) => string)[] = [
  (mark) => `[${mark}]\nports = 1\n"web".port = 80`,
  (mark) => `[[${mark}]] # [ports]`,
  (mark) => `[ ${mark} . ports ]\nweb = 80`,
  (mark) => `["ports.${mark}"]\nweb = 80`,
];

/** A comment that only looks as if it were more than one. */
const COMMENT = ` # ask ' before " you touch it`;

/** What a person has put beside a port. */
const NOTE = `, note = "a # and a ] and a }"`;

/** An entry, in every way that TOML has to write it outside a table header. */
const SPELLINGS: readonly ((name: string, port: number) => string)[] = [
  (name, port) => `${JSON.stringify(name)} = ${port}`,
  (name, port) => `${escapedKey(name)}=${port}${COMMENT}`,
  (name, port) => `\t${JSON.stringify(name)} = { port = ${port} }`,
  (name, port) => `${JSON.stringify(name)} . port = 0x${port.toString(16)}`,
  (name, port) =>
    `${JSON.stringify(name)} = {port=+${port}${NOTE}}`.replace("+2", "2_"),
];

/** A key that shows no character as it is. */
function escapedKey(name: string): string {
  return `"${
    [...name].map((character) =>
      `\\U${character.codePointAt(0)!.toString(16).padStart(8, "0")}`
    ).join("")
  }"`;
}

const anyName = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.stringMatching(/^[a-z0-9_."'\\#[\]{}=, -]{1,12}$/),
  fc.constantFrom("ports", "version", "port", "__proto__", "1", "true"),
  fc.constant("\u{1f600}".repeat(LONGEST_NAME)),
).filter((name) => nameProblem(name) === undefined);

const fourNames = fc.uniqueArray(anyName, { minLength: 4, maxLength: 4 });

/** Pieces of text by their kind, in any order, each at most once or twice. */
const somePieces = (kinds: number) =>
  fc.array(fc.nat({ max: kinds - 1 }), { maxLength: 4 });

const anyLayout = fc.record({
  root: somePieces(FOREIGN.length),
  comments: somePieces(3),
  tables: somePieces(FOREIGN_TABLES.length),
  /** How the first two names are written, if they are there. */
  entries: fc.array(fc.nat({ max: SPELLINGS.length - 1 }), { maxLength: 2 }),
  /** Under a header, as dotted keys, or in one inline table. */
  style: fc.constantFrom("header", "dotted", "inline"),
  crlf: fc.boolean(),
  mark: fc.boolean(),
  open: fc.boolean(),
});

const anyChanges = fc.array(
  fc.array(
    fc.record({
      name: fc.nat({ max: 3 }),
      set: fc.boolean(),
      port: fc.nat({ max: 90 }),
      count: fc.integer({ min: 1, max: 9 }),
      expires: fc.option(
        fc.date({
          min: new Date("2000-01-01"),
          max: new Date("2099-12-31"),
          noInvalidDate: true,
        }),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { maxLength: 6 },
);

type Layout = typeof anyLayout extends fc.Arbitrary<infer T> ? T : never;

/** A line of a text, and the name whose entry it belongs to. */
interface Line {
  readonly line: string;
  readonly owner?: string;
}

/** A document that a person may have written, and what of it has to stay. */
function written(
  names: readonly string[],
  layout: Layout,
): { text: string; lines: Line[]; ports: Map<string, number> } {
  let marks = 0;
  const make = (
    kinds: readonly ((mark: string) => string)[],
    chosen: readonly number[],
  ) => chosen.map((kind) => kinds[kind]!(`F${marks++}`));
  const comments = ["", "  # about ports", "\t"];

  const ports = new Map(
    layout.entries.map((_, at) => [names[at]!, 2000 + 100 * at]),
  );
  const entries = layout.entries.map((spelling, at) =>
    SPELLINGS[spelling]!(names[at]!, 2000 + 100 * at)
  );
  const root = make(FOREIGN, layout.root);
  const tables = make(FOREIGN_TABLES, layout.tables);
  const kept = layout.comments.map((kind) => comments[kind]!);
  const own: string[] = {
    header: ["[ports] # [ports]", ...entries],
    dotted: entries.map((entry) => `ports.${entry.trim()}`),
    inline: [
      `ports = {${
        entries.map((entry) => entry.replace(COMMENT, "").replace(NOTE, ""))
          .join(",")
      }}`,
    ],
  }[layout.style];

  // An inline table is written anew with each change.
  const isInline = layout.style === "inline";
  const header = layout.style === "header" ? [own.shift()!] : [];
  const ownLines = own.map((line, at) => ({ line, owner: names[at]! }));
  const foreign = (parts: readonly string[]) =>
    parts.flatMap((part) => part.split("\n")).map((line) => ({ line }));
  const before = layout.style === "header" ? kept : [];
  const behind = layout.style === "header" ? [] : kept;
  const all: Line[] = [
    ...foreign([...root]),
    ...[...header, ...isInline ? own : []].map((line) => ({ line, owner: "" })),
    ...foreign(before),
    ...isInline ? [] : ownLines,
    ...foreign([...behind, ...tables]),
  ];
  const ended = all.map(({ line }) => line).join("\n") +
    (layout.open ? "" : "\n");
  const text = (layout.mark ? "\ufeff" : "") +
    (layout.crlf ? ended.replaceAll("\n", "\r\n") : ended);
  return { text, lines: all.filter(({ owner }) => owner !== ""), ports };
}

/** Whether the lines are all there, in their order, as they were. */
function hasLines(text: string, lines: readonly string[]): boolean {
  const there = text.replace(/^\ufeff/, "").split(/\r?\n/).values();
  return lines.every((line) => there.some((other) => other === line));
}

Deno.test("any edits, on any text, do what they would do to a plain Map", () => {
  fc.assert(
    fc.property(fourNames, anyLayout, anyChanges, (names, layout, steps) => {
      const start = written(names, layout);
      let text = start.text;
      const model: Record<string, unknown[]> = Object.create(null);
      for (const [name, port] of start.ports) model[name] = [port, 1];
      assertEquals(meaning(text), { ...model });

      const touched = new Set<string>();
      for (const step of steps) {
        const changes = new Map<string, Association | undefined>();
        for (const change of step) {
          const name = names[change.name]!;
          const { count } = change;
          touched.add(name);
          // Each name has a hundred ports of its own, so that none collide.
          const port = 2000 + 100 * change.name + change.port;
          // A store is accurate to the second.
          const expires = change.expires &&
            new Date(Math.trunc(change.expires.getTime() / 1000) * 1000);
          if (change.set) {
            changes.set(name, { name, port, count, ...expires && { expires } });
            model[name] = expires
              ? [port, count, expires.toISOString()]
              : [port, count];
          } else {
            changes.set(name, undefined);
            delete model[name];
          }
        }
        const before = text;
        text = editDocument(readDocument(before), changes);

        assertEquals(meaning(text), { ...model });
        // What nobody has changed is there as it was, entries too.
        const kept = start.lines.filter(({ owner }) =>
          owner === undefined || !touched.has(owner)
        );
        assert(hasLines(text, kept.map(({ line }) => line)), text);
        assertEquals(text.startsWith("\ufeff"), layout.mark);
        if (before.includes("\r\n")) assert(!/(?<!\r)\n/.test(text), text);
      }
    }),
    { numRuns: 1000 },
  );
});
