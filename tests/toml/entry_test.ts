import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parse } from "smol-toml";
import type { Association } from "../../lib/association.ts";
import {
  entryKey,
  entryValue,
  readEntry,
  rfc3339,
} from "../../lib/toml/entry.ts";

/** Writes an entry, and reads it again. */
function roundTrip(association: Association): Association | string {
  const { name } = association;
  const text = `${entryKey(name)} = ${entryValue(association)}`;
  assert(!text.includes("\n"));
  const entries = Object.entries(parse(text));
  assertEquals(entries.map(([key]) => key), [name]);
  return readEntry(name, entries[0]![1]);
}

Deno.test("a plain association is written as its port", () => {
  assertEquals(entryValue({ name: "a", port: 2000, count: 1 }), "2000");
  assertEquals(entryKey("a_B-1"), "a_B-1");
  assertEquals(entryKey("a.b"), '"a.b"');
  assertEquals(entryKey('a "\\'), '"a \\"\\\\"');
  // A person reads this, and must not be shown another name.
  assertEquals(entryKey("a\u202eb\u2028"), '"a\\u202eb\\u2028"');
});

Deno.test("all else is written into a table, what is a person's behind it", () => {
  assertEquals(
    entryValue(
      {
        name: "a",
        port: 2000,
        count: 2,
        expires: new Date("2026-12-01T00:00:00.5Z"),
        directory: 'C:\\"x"\n',
        reserved: "file",
      },
      ["note = 'x'"],
    ),
    "{ port = 2000, count = 2, expires = 2026-12-01T00:00:00Z, " +
      'directory = "C:\\\\\\"x\\"\\u000a", reserved = "file", note = \'x\' }',
  );
  assertEquals(
    entryValue({ name: "a", port: 2000, count: 1 }, ["note = 1"]),
    "{ port = 2000, note = 1 }",
  );
});

Deno.test("what is written is read again as it was", () => {
  const text = fc.string({ unit: "binary", minLength: 1 });
  fc.assert(fc.property(
    text,
    fc.option(text, { nil: undefined }),
    fc.integer({ min: 1, max: 60_000 }),
    fc.integer({ min: 1, max: 5000 }),
    fc.constantFrom(undefined, "kernel" as const, "file" as const),
    (name, directory, port, count, reserved) => {
      const association = {
        name,
        port,
        count,
        ...directory !== undefined && { directory },
        ...reserved && { reserved },
      };
      assertEquals(roundTrip(association), association);
    },
  ));
});

Deno.test("a moment is written to the second", () => {
  assertEquals(rfc3339(new Date(0)), "1970-01-01T00:00:00Z");
  assertEquals(rfc3339(new Date(1999)), "1970-01-01T00:00:01Z");
});

Deno.test("an entry that cannot be read says why", () => {
  for (
    const [toml, part] of [
      ["0", "the port of"],
      ["'80'", "the port of"],
      ["{ count = 2 }", "the port of"],
      ["{ port = 65535, count = 2 }", "the count of"],
      ["{ port = 80, count = 'x' }", "the count of"],
      ["{ port = 80, expires = 2026-12-01 }", "the expiry of"],
      ["{ port = 80, directory = 1 }", "the directory of"],
      ["{ port = 80, reserved = true }", "what is reserved"],
    ] as const
  ) {
    const problem = readEntry("web", parse(`x = ${toml}`).x);
    assert(typeof problem === "string", toml);
    assert(`${problem}`.startsWith(part) && `${problem}`.includes('"web"'));
  }
});
