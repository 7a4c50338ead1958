import { columnsOf, fitted } from "../../lib/cli/columns.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { escaped } from "../../lib/error.ts";
import { inUseText, painterFor } from "../../lib/cli/text.ts";
import type { Holder } from "../../lib/machine/holder.ts";
import { bareMachine } from "../support/fake_runtime.ts";

function painted(width: number | undefined, noColor?: string): string {
  const runtime = bareMachine({
    terminalWidth: () => width,
    env: (name) => name === "NO_COLOR" ? noColor : undefined,
  });
  return painterFor(runtime).bad("x");
}

Deno.test("there is colour on a terminal only, and never with NO_COLOR", () => {
  assertEquals(painted(80), "\u001b[31mx\u001b[0m");
  assertEquals(painted(80, ""), "\u001b[31mx\u001b[0m");
  assertEquals(painted(80, "1"), "x");
  assertEquals(painted(undefined), "x");
});

Deno.test("what is invisible in a name is made ", () => {
  assertEquals(escaped("a b \u{1f600}"), "a b \u{1f600}");
  assertEquals(
    escaped("a\u202eb\u2028c\u001b"),
    "a\\u{202e}b\\u{2028}c\\u{1b}",
  );
});

Deno.test("columns are counted as a terminal shows them", () => {
  for (
    const [text, columns] of [
      ["", 0],
      ["web", 3],
      ["\u4e2d\u6587", 4],
      ["\u{1f600}", 2],
      ["e\u0301", 1],
      ["\uff21", 2],
      // Half-width, Hangul, a frame, an accent of its own, a mark on a mark.
      ["\uff76", 1],
      ["\ud55c\uae00", 4],
      ["\u2500\u2502", 2],
      ["a\u0301\u0323", 1],
      ["caf\u00e9", 4],
      ["\u65e5\u672c\u8a9e web", 10],
    ] as const
  ) {
    assertEquals(columnsOf(text), columns);
  }
});

Deno.test("text in a column is filled up or cut, to the column", () => {
  assertEquals(fitted("web", 5), "web  ");
  assertEquals(fitted("web", 3), "web");
  assertEquals(fitted("webapp", 5), "weba\u2026");
  assertEquals(fitted("\u4e2d\u6587\u5b57", 4), "\u4e2d\u2026 ");
});

Deno.test("holders are named as far as they are known", () => {
  const holder: Holder = {
    port: 80,
    transport: "tcp",
    address: "0.0.0.0",
    how: "listening",
  };
  for (
    const [holders, text] of [
      [[], "in use by what cannot be seen"],
      [
        [{ ...holder, process: "nginx", pid: 812 }],
        "in use by nginx (pid 812)",
      ],
      [[{ ...holder, pid: 812 }], "in use by a process (pid 812)"],
      [[{ ...holder, user: "www" }], "in use by a process of the user www"],
      [[holder], "in use by a process of another user"],
      [
        [{ ...holder, how: "connected" }],
        "in use by a connection that is closing",
      ],
      [
        [
          { ...holder, process: "a", pid: 1 },
          { ...holder, process: "a", pid: 1, address: "::" },
          { ...holder, process: "b", pid: 2 },
        ],
        "in use by a (pid 1), b (pid 2)",
      ],
      [
        [
          { ...holder, process: "a", pid: 1, uncertain: true },
          { ...holder, process: "b", pid: 2, uncertain: true },
        ],
        "in use, perhaps by a (pid 1) or b (pid 2)",
      ],
    ] as const
  ) {
    assertEquals(inUseText(holders), text);
  }
});

Deno.test("fitted text takes just its columns, whatever is in it", () => {
  const letters = ["a", "\u4e2d", "\u{1f600}", "e\u0301", " ", "\u2026"];
  fc.assert(fc.property(
    fc.array(fc.constantFrom(...letters)),
    fc.integer({ min: 1, max: 20 }),
    (parts, columns) => {
      const text = parts.join("");
      const shown = fitted(text, columns);
      assertEquals(columnsOf(shown), columns);
      // What is cut says so, and nothing else changes.
      if (columnsOf(text) <= columns) assert(shown.startsWith(text));
      else {
        assert(/\u2026 ?$/.test(shown), shown);
        assert(text.startsWith(shown.replace(/\u2026 ?$/, "")));
      }
    },
  ));
});

Deno.test("nothing that steers a terminal is left in what is ", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
    const shown = escaped(name);
    assert(!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(shown), shown);
    assertEquals(escaped(shown), shown);
  }));
});
