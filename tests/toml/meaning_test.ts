import { assert, assertEquals, assertThrows } from "@std/assert";
import { isTable, NotTomlError, readToml } from "../../lib/toml/meaning.ts";

Deno.test("TOML is read, with or without a byte order mark", () => {
  assertEquals(readToml("a = 1\n[b]\nc = '1'").rest.a, 1);
  assertEquals(readToml("\ufeffa = 1").rest.a, 1);
  assertEquals(readToml("\ufeff[ports]\nb = 2").ports, new Map([["b", 2]]));
  assertEquals(readToml(""), { rest: {}, ports: new Map() });
});

Deno.test("a number that JavaScript cannot hold keeps its digits", () => {
  assertEquals(readToml("a = 9007199254740993").rest.a, 9007199254740993n);
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
      () => readToml(text),
      NotTomlError,
      "not valid TOML: ",
    );
    assertEquals(error.problem.line, line, text);
    assertEquals(error.problem.message, error.message);
    assert(!error.message.includes("\n"));
  }
});

Deno.test("tables are told from everything else", () => {
  const { a, b, c, d, e } = readToml(
    "a = {}\nc = []\nd = 2026-12-01T00:00:00Z\ne = 'x'\n[b]\n",
  ).rest;
  assert(isTable(a) && isTable(b));
  assert(!isTable(c) && !isTable(d) && !isTable(e) && !isTable(null));
});

Deno.test("[ports] comes by itself, in the order of the text", () => {
  for (
    const text of [
      "version = 1\n[ports]\nb = 2\n10 = 3\na = 4\n",
      "[ports]\nb = 2\n'10' = 3\na = 4\n[policy]\n",
    ]
  ) {
    const { rest, ports } = readToml(text);
    assertEquals([...ports], [["b", 2], ["10", 3], ["a", 4]]);
    assert(!("ports" in rest));
  }
});

Deno.test("a ports that is no table has no entries, and stays", () => {
  for (const text of ["ports = 1", "[[ports]]", "ports = []"]) {
    const { rest, ports } = readToml(text);
    assertEquals(ports.size, 0);
    assert("ports" in rest);
  }
  assertEquals(readToml("a = 1").ports.size, 0);
});

Deno.test("the same text has the same meaning, and another another", () => {
  const text = "[ports]\nweb = 1\n";
  assert(readToml(text) === readToml(text));
  assertEquals(readToml("[ports]\nweb = 2\n").ports.get("web"), 2);
  assertEquals(readToml(text).ports.get("web"), 1);
});
