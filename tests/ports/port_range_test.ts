import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { PortForError } from "../../lib/error.ts";
import {
  DYNAMIC_RANGE,
  formatPortRange,
  inRanges,
  isPort,
  overlap,
  parsePort,
  parsePortRange,
  type PortRange,
  SYSTEM_PORTS,
} from "../../lib/ports/port_range.ts";

const anyRange: fc.Arbitrary<PortRange> = fc
  .tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 }))
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));

Deno.test("a port is a whole number from 1 to 65535", () => {
  for (const port of [1, 1023, 1024, 49152, 65535]) assert(isPort(port));
  for (const other of [0, -1, 65536, 80.5, NaN, Infinity, "80", null]) {
    assert(!isPort(other), `${other} is no port`);
  }
});

Deno.test("the system ports and the dynamic range are those of RFC 6335", () => {
  assertEquals(SYSTEM_PORTS, { first: 0, last: 1023 });
  assertEquals(DYNAMIC_RANGE, { first: 49152, last: 65535 });
});

Deno.test("parsePort reads decimal digits", () => {
  assertEquals(parsePort("1"), 1);
  assertEquals(parsePort("8080"), 8080);
  assertEquals(parsePort("65535"), 65535);
});

for (
  const text of [
    ...["", " ", "0", "65536", "-1", "+80", " 80", "80 ", "80\n", "80.0"],
    // Text that JavaScript's Number() takes for a number.
    ...["8e3", "0x50", "0b1", "8_000", "Infinity", "9".repeat(400)],
    // Arabic-Indic and fullwidth digits.
    ...["\u0668\u0660", "\uff18\uff10"],
  ]
) {
  Deno.test(`parsePort refuses ${JSON.stringify(text.slice(0, 10))}`, () => {
    const error = assertThrows(() => parsePort(text), PortForError);
    assertEquals(error.code, "BAD_INPUT");
  });
}

Deno.test("parsePort's error names the source and the text", () => {
  assertThrows(
    () => parsePort("web", "--port"),
    PortForError,
    'cannot read --port "web": not a whole number from 1 to 65535',
  );
});

Deno.test("parsePortRange reads a port or two with a hyphen", () => {
  assertEquals(parsePortRange("8000"), { first: 8000, last: 8000 });
  assertEquals(parsePortRange("8000-8009"), { first: 8000, last: 8009 });
  assertEquals(parsePortRange(" 8000 - 8009 "), { first: 8000, last: 8009 });
  assertEquals(parsePortRange("1-65535"), { first: 1, last: 65535 });
});

for (
  const text of [
    ...["", "-", "8000-", "-8009", "8000--8009", "8000-8009-8010", "a-b"],
    ...["8000,8001", "8000:8009", "8000\u20138009", "80 00", "8000.5-8009"],
    ...["0-10", "0", "1-65536", "65536", `1-${"9".repeat(400)}`],
  ]
) {
  const shown = JSON.stringify(text.slice(0, 20));
  Deno.test(`parsePortRange refuses ${shown}`, () => {
    const error = assertThrows(() => parsePortRange(text), PortForError);
    assertEquals(error.code, "BAD_INPUT");
  });
}

Deno.test("parsePortRange says how to write a range that goes downwards", () => {
  const error = assertThrows(
    () => parsePortRange("8009-8000", "--range"),
    PortForError,
    'cannot read --range "8009-8000"',
  );
  assertEquals(error.code, "BAD_INPUT");
  assert(error.message.includes("(try 8000-8009)"), error.message);
});

Deno.test("parsePortRange reads what formatPortRange writes", () => {
  fc.assert(fc.property(anyRange, (range) => {
    assertEquals(parsePortRange(formatPortRange(range)), range);
  }));
});

Deno.test("a range of one port is written as that port", () => {
  assertEquals(formatPortRange({ first: 80, last: 80 }), "80");
  assertEquals(formatPortRange({ first: 80, last: 81 }), "80-81");
});

Deno.test("inRanges counts both ends of every range", () => {
  const ranges = [{ first: 10, last: 12 }, { first: 20, last: 20 }];
  const inside = [9, 10, 11, 12, 13, 19, 20, 21].filter((port) =>
    inRanges(port, ranges)
  );
  assertEquals(inside, [10, 11, 12, 20]);
  assert(!inRanges(10, []));
});

Deno.test("two ranges overlap when they share a port", () => {
  const middle = { first: 10, last: 20 };
  assert(overlap(middle, { first: 20, last: 30 }));
  assert(overlap(middle, { first: 1, last: 10 }));
  assert(overlap(middle, { first: 12, last: 13 }));
  assert(overlap(middle, { first: 1, last: 65535 }));
  assert(!overlap(middle, { first: 21, last: 30 }));
  assert(!overlap(middle, { first: 1, last: 9 }));
});

Deno.test("overlap is the same whichever range comes first", () => {
  fc.assert(fc.property(anyRange, anyRange, (a, b) => {
    assertEquals(overlap(a, b), overlap(b, a));
  }));
});
