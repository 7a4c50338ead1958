import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parse } from "smol-toml";
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
  ...["\ufffd", "\u{10ffff}", "e\u0301", "\u00e9", "a b", "a\u00a0b", "$(id)"],
];

/** What DESIGN calls a name, in words of its own. */
function isName(text: string): boolean {
  const characters = [...text];
  return characters.length >= 1 && characters.length <= 255 &&
    !/\p{Cc}/u.test(text) && text.isWellFormed() &&
    !/^\s|\s$/.test(text) && !text.startsWith("-");
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

/** A line of a store, and the name whose entry it belongs to. */
interface Line {
  readonly text: string;
  readonly owner?: string;
}

const anyComment = fc.string({ unit: "grapheme", maxLength: 20 })
  .map((text) => `#${text.replace(/\p{Cc}/gu, " ")}`);

const anyFiller: fc.Arbitrary<Line[]> = fc.array(
  fc.oneof(anyComment, fc.constantFrom("", "  ", "\t", "    # indented"))
    .map((text) => ({ text })),
  { maxLength: 3 },
);

const anyEnding = fc.oneof(
  fc.constant(""),
  fc.tuple(fc.constantFrom("", " ", "\t\t"), anyComment)
    .map((parts) => parts.join("")),
);

const BARE = /^[A-Za-z0-9_-]+$/;

/** The ways to write a name as a key. */
function keysOf(name: string): string[] {
  const basic = JSON.stringify(name);
  const escaped = [...name].map((character) =>
    `\\U${character.codePointAt(0)!.toString(16).padStart(8, "0")}`
  ).join("");
  return [
    basic,
    `"${escaped}"`,
    ...(BARE.test(name) ? [name] : []),
    ...(name.includes("'") ? [] : [`'${name}'`]),
  ];
}

/** The ways to write a port as a value. */
function valuesOf(port: number): string[] {
  return [
    `${port}`,
    `+${port}`,
    `0x${port.toString(16)}`,
    `${port}`.replace(/(\d)(\d{3})$/, "$1_$2"),
    `{ port = ${port} }`,
    `{port=${port},count=1}`,
    `{ "port" = ${port}, note = "a # and a ] and a }" }`,
    `{ port = ${port}, expires = 2099-12-01T00:00:00Z }`,
  ];
}

/** Text that a person may have written around entries, and the entries. */
const anyText = fc.uniqueArray(anyName, { minLength: 1, maxLength: 5 })
  .chain((names) =>
    fc.record({
      style: fc.constantFrom("table", "dotted", "tables", "inline"),
      lineEnd: fc.constantFrom("\n", "\r\n"),
      endsOpen: fc.boolean(),
      comment: anyEnding,
      mark: fc.boolean(),
      fillers: fc.array(anyFiller, { minLength: 12, maxLength: 12 }),
      extras: fc.record({
        version: fc.boolean(),
        before: fc.boolean(),
        after: fc.boolean(),
      }),
      entries: fc.tuple(
        ...names.map((name, at) =>
          fc.record({
            name: fc.constant(name),
            port: fc.constant(21000 + at),
            key: fc.constantFrom(...keysOf(name)),
            value: fc.constantFrom(...valuesOf(21000 + at)),
            ending: anyEnding,
            gap: fc.constantFrom(" = ", "=", "\t=  "),
            indent: fc.constantFrom("", "  ", "\t"),
          })
        ),
      ),
    })
  );

type AnyText = typeof anyText extends fc.Arbitrary<infer T> ? T : never;

function linesOf(
  { style, fillers, extras, entries, comment }: AnyText,
): Line[] {
  let filler = 0;
  const between = () => fillers[filler++ % fillers.length]!;
  const ports: Line[] = [];
  if (style === "table") ports.push({ text: "  [ ports ] # these are ours" });
  if (style === "inline") {
    const inner = entries.map(({ key, value }) => `${key} = ${value}`);
    ports.push({
      text: `ports = { ${inner.join(", ")} }${comment}`,
      owner: "",
    });
  } else {
    for (const { name: owner, key, value, ending, gap, indent } of entries) {
      ports.push(...between());
      if (style === "tables") {
        ports.push({ text: `${indent}[ports . ${key}]${ending}`, owner });
        ports.push(...between());
        const port = 21000 + entries.findIndex(({ name }) => name === owner);
        ports.push({ text: `${indent}port${gap}${port}${ending}`, owner });
      } else {
        const prefix = style === "dotted" ? "ports." : "";
        const text = `${indent}${prefix}${key}${gap}${value}${ending}`;
        ports.push({ text, owner });
      }
    }
  }
  const root = style === "dotted" || style === "inline";
  const before = [
    { text: "[before]" },
    ...between(),
    { text: "ports = 'not these' # web = 1" },
  ];
  return [
    ...between(),
    ...(extras.version ? [{ text: "version = 1 # the first" }] : []),
    { text: 'motto = """' },
    { text: "[ports]" },
    { text: '# no comment"""' },
    ...(root ? ports : []),
    ...between(),
    ...(extras.before ? before : []),
    ...(root ? [] : ports),
    ...between(),
    ...(extras.after ? [{ text: "[[after]]" }, { text: "x = [ # a" }] : []),
    ...(extras.after ? [{ text: "  1, # b" }, { text: "]" }] : []),
    ...between(),
  ];
}

/** Asserts that lines stayed, in order, and that the others are what was added. */
function assertKept(
  kept: readonly string[],
  after: readonly string[],
  names: ReadonlySet<string>,
): void {
  let next = 0;
  const added: string[] = [];
  for (const line of after) {
    if (line === kept[next]) next++;
    else added.push(line);
  }
  assertEquals(next, kept.length, `${kept[next]} is not there any more`);
  // At most a table for the entries, and blank lines around it.
  const entries = added.filter((line) => line !== "[ports]" && line !== "");
  assert(added.length - entries.length <= 4, Deno.inspect(added));
  for (const entry of entries) {
    const own = parse(entry);
    // Where they are dotted, the entry itself is below "ports".
    const below = isTable(own.ports) ? Object.keys(own.ports) : [];
    const found = [...Object.keys(own), ...below];
    assert(found.some((name) => names.has(name)), `${entry} was added`);
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

Deno.test("whatever text is around the entries comes through unchanged", async () => {
  using temp = new TempFolder();
  let stores = 0;
  await fc.assert(
    fc.asyncProperty(
      anyText,
      fc.uniqueArray(anyName, { minLength: 1, maxLength: 3 }),
      fc.array(anyCommand, { minLength: 1, maxLength: 6 }),
      async (text, fresh, commands) => {
        const { lineEnd, endsOpen, mark, entries, style } = text;
        const lines = linesOf(text);
        const start = mark ? "\ufeff" : "";
        const end = endsOpen ? "" : lineEnd;
        const path = temp.write(
          `${stores++}.toml`,
          start + lines.map(({ text }) => text).join(lineEnd) + end,
        );
        const before = parse(Deno.readTextFileSync(path).replace(start, ""));
        const store = new StoreOn(hastyMachine, path);
        const map = new Map(entries.map(({ name, port }) => [name, port]));
        assertSame(store, map);

        const pool = [...new Set([...map.keys(), ...fresh])];
        const released = new Set<string>();
        const added = new Set<string>();
        let changed = false;
        for (const command of commands) {
          const held = [...map.keys()];
          await perform(command, pool, store, map);
          for (const name of held) if (!map.has(name)) released.add(name);
          for (const name of map.keys()) {
            if (!held.includes(name)) added.add(name);
          }
          changed ||= held.length !== map.size || added.size > 0;
          assertSame(store, map);
        }

        const result = Deno.readTextFileSync(path);
        assert(result.startsWith(start));
        const rest = result.slice(start.length);
        assert(!changed || rest.endsWith(lineEnd) || endsOpen);
        const after = rest.split(lineEnd);
        assert(lineEnd === "\n" || !after.some((line) => line.includes("\n")));
        const kept = lines.flatMap(({ text: line, owner }) => {
          if (owner === undefined) return [line];
          if (style !== "inline") return released.has(owner) ? [] : [line];
          // Behind the table in one line there may be a comment, which stays.
          const { comment } = text;
          return !changed ? [line] : comment.trim() ? [comment] : [];
        });
        const moved = style === "inline" ? [...map.keys()] : [...added];
        assertKept(kept, after, new Set(moved));

        // What is not port-for's means what it meant.
        const { ports: _, ...foreign } = before;
        const { ports: __, ...still } = parse(rest);
        assertEquals(still, foreign);
      },
    ),
    RUNS,
  );
});
