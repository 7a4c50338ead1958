import { assertEquals } from "@std/assert";
import { oneLine, readPorts } from "../../../scripts/port_sources/port_row.ts";

Deno.test("readPorts reads a port or a range, with a hyphen or a dash", () => {
  assertEquals(readPorts("80"), { first: 80, last: 80 });
  assertEquals(readPorts(" 8000-8009 "), { first: 8000, last: 8009 });
  assertEquals(readPorts("8000\u20138009"), { first: 8000, last: 8009 });
  assertEquals(readPorts("8000 \u2013 8009"), { first: 8000, last: 8009 });
  // Both sources have rows for port 0, which IANA reserves.
  assertEquals(readPorts("0"), { first: 0, last: 0 });
  assertEquals(readPorts("1-65535"), { first: 1, last: 65535 });
});

Deno.test("readPorts takes nothing else for ports", () => {
  const bad = ["", "-", "http", "80,81", "8009-8000", "65536", "1-2-3", "-1"];
  for (const text of bad) assertEquals(readPorts(text), undefined, text);
});

Deno.test("oneLine makes one line of several", () => {
  assertEquals(oneLine("  one\r\n\ttwo \u00a0 three\n"), "one two three");
  assertEquals(oneLine(" \n "), "");
});
