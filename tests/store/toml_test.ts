import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  isTable,
  NotTomlError,
  parseToml,
  portsTable,
} from "../../lib/store/toml.ts";

Deno.test("TOML is read, with or without a byte order mark", () => {
  assertEquals(parseToml("a = 1\n[b]\nc = '1'").a, 1);
  assertEquals(parseToml("\ufeffa = 1").a, 1);
  assertEquals(parseToml(""), {});
});

Deno.test("a number that JavaScript cannot hold keeps its digits", () => {
  assertEquals(parseToml("a = 9007199254740993").a, 9007199254740993n);
});

Deno.test("what is not TOML is told with its place", () => {
  for (
    const [text, line] of [
      ["a", 1],
      ["a = 1\nb = ", 2],
      ["[ports]\nweb = 80\n\nweb = 81\n", 4],
      ["[ports]\nweb = 80\n[ports]\n", 3],
      ['x = "\n', 1],
      ["a = 1\rb = 2", 1],
    ] as const
  ) {
    const error: NotTomlError = assertThrows(
      () => parseToml(text),
      NotTomlError,
      "not valid TOML: ",
    );
    assertEquals(error.problem.line, line, text);
    assertEquals(error.problem.message, error.message);
    assert(!error.message.includes("\n"));
  }
});

Deno.test("tables are told from everything else", () => {
  const { a, b, c, d, e } = parseToml(
    "a = {}\nc = []\nd = 2026-12-01T00:00:00Z\ne = 'x'\n[b]\n",
  );
  assert(isTable(a) && isTable(b));
  assert(!isTable(c) && !isTable(d) && !isTable(e) && !isTable(null));
});

Deno.test("[ports] is a table, an empty one where there is none", () => {
  assertEquals(Object.keys(portsTable(parseToml("[ports]\na = 1"))), ["a"]);
  for (const text of ["", "ports = 1", "[[ports]]", "ports = []"]) {
    assertEquals(portsTable(parseToml(text)), {});
  }
});
