import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
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
import { refused } from "../support/refused.ts";

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

Deno.test("parsePort reads decimal digits, and nothing else", async () => {
  for (const port of [1, 8080, 65535]) assertEquals(parsePort(`${port}`), port);
  for (
    const text of [
      ...["", " ", "0", "65536", "-1", "+80", " 80", "80 ", "80\n", "80.0"],
      // Text that JavaScript's Number() takes for a number.
      ...["8e3", "0x50", "0b1", "8_000", "Infinity", "9".repeat(400)],
      // Arabic-Indic and fullwidth digits.
      ...["\u0668\u0660", "\uff18\uff10"],
    ]
  ) {
    const said = `--port ${JSON.stringify(text)}`;
    await refused("BAD_INPUT", () => parsePort(text, "--port"), said);
  }
});

Deno.test("parsePortRange reads a port or two with a hyphen", async () => {
  assertEquals(parsePortRange("8000"), { first: 8000, last: 8000 });
  assertEquals(parsePortRange(" 8000 - 8009 "), { first: 8000, last: 8009 });
  assertEquals(parsePortRange("1-65535"), { first: 1, last: 65535 });
  for (
    const text of [
      ...["", "-", "8000-", "-8009", "8000--8009", "8000-8009-8010", "a-b"],
      ...["8000,8001", "8000:8009", "8000\u20138009", "80 00", "8000.5-8009"],
      ...["0-10", "0", "1-65536", "65536", `1-${"9".repeat(400)}`],
    ]
  ) {
    await refused("BAD_INPUT", () => parsePortRange(text));
  }
  await refused(
    "BAD_INPUT",
    () => parsePortRange("8009-8000", "--range"),
    ...['--range "8009-8000"', "8000-8009"],
  );
});

Deno.test("parsePortRange reads what formatPortRange writes", () => {
  fc.assert(fc.property(anyRange, (range) => {
    assertEquals(parsePortRange(formatPortRange(range)), range);
  }));
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
  fc.assert(fc.property(anyRange, anyRange, (a, b) => {
    assertEquals(overlap(a, b), overlap(b, a));
  }));
  const middle = { first: 10, last: 20 };
  for (
    const [first, last, shares] of [
      [20, 30, true],
      [1, 10, true],
      [12, 13, true],
      [1, 65535, true],
      [21, 30, false],
      [1, 9, false],
    ] as const
  ) {
    assertEquals(overlap(middle, { first, last }), shares, `${first}-${last}`);
  }
});
