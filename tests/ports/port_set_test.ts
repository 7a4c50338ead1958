import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { PortRange } from "../../lib/ports/port_range.ts";
import { type Ports, PortSet, portSet } from "../../lib/ports/port_set.ts";
import { refused } from "../support/refused.ts";

Deno.test("a set has ports at both ends of the port space, and whole numbers only", () => {
  const ends = new PortSet().add(1).add(65535);
  assertEquals([...ends], [1, 65535]);
  assertEquals([...ends.delete(65535).delete(1).ranges()], []);
  const all = new PortSet().add({ first: 1, last: 65535 });
  assertEquals(all.size, 65535);
  assertEquals([...all.ranges()], [{ first: 1, last: 65535 }]);
  assert(all.has(1) && all.has(65535));
  for (const none of [0, 65536, 8000.5, NaN, -1]) assert(!all.has(none));
});

Deno.test("a copy is independent of its original", () => {
  const original = portSet("8000-8009");
  const copy = new PortSet(original).delete(8005);
  assertEquals(original.size, 10);
  original.add(9000);
  assert(!copy.has(9000));
});

Deno.test("deleteAll and retainAll change one set, and leave the other as it was", () => {
  const set = portSet(["1", "10-20", "65535"]);
  const other = portSet(["1-12", "15", "20-30"]);
  assertEquals([...new PortSet(set).retainAll(other)], [1, 10, 11, 12, 15, 20]);
  const rest = [13, 14, 16, 17, 18, 19, 65535];
  assertEquals([...set.deleteAll(other)], rest);
  assertEquals(other.size, 24);
  assertEquals(set.retainAll(new PortSet()).size, 0);
  assertEquals(other.deleteAll(other).size, 0);
});

/** Ranges that are short, so that a plain Set can follow, or at an end. */
const shortRange: fc.Arbitrary<PortRange> = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 65470, max: 65535 }),
    ),
    fc.nat(20),
  )
  .map(([first, more]) => ({ first, last: Math.min(first + more, 65535) }));

const step: fc.Arbitrary<readonly ["add" | "delete", number | PortRange]> = fc
  .tuple(
    fc.constantFrom("add" as const, "delete" as const),
    fc.oneof(shortRange.map(({ first }) => first), shortRange),
  );

Deno.test("after any steps a set holds what a plain Set would", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const set = new PortSet();
    const plain = new Set<number>();
    for (const [does, ports] of steps) {
      set[does](ports);
      for (const port of portsOf(ports)) plain[does](port);
    }
    const expected = [...plain].sort((a, b) => a - b);
    assertEquals([...set], expected);
    assertEquals(set.size, expected.length);
    assertEquals([...set.ranges()].flatMap(portsOf), expected);
    // As long as they can be: no range begins right after another.
    const ranges = [...set.ranges()];
    for (const [at, { first }] of ranges.slice(1).entries()) {
      assert(first > ranges[at]!.last + 1);
    }
  }));
});

function portsOf(ports: number | PortRange): number[] {
  if (typeof ports === "number") return [ports];
  const { first, last } = ports;
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

const SHAPES: readonly [string, Ports, number[]][] = [
  ["a number", 8000, [8000]],
  ["the lowest and the highest number", [1, 65535], [1, 65535]],
  ["text of a port", "8000", [8000]],
  ["text of a range", "8000-8002", [8000, 8001, 8002]],
  ["a range", { first: 8000, last: 8002 }, [8000, 8001, 8002]],
  ["a range of one port", { first: 8000, last: 8000 }, [8000]],
  ["a PortSet", new PortSet().add(8000), [8000]],
  ["a Set", new Set([8002, 8000]), [8000, 8002]],
  ["an empty list", [], []],
  ["a generator", new PortSet().add(7).ranges(), [7]],
  [
    "a mix, nested and overlapping",
    [8080, "9000-9002", [new Set([1, "2"]), [[]]], new PortSet().add(9002), {
      first: 9001,
      last: 9003,
    }],
    [1, 2, 8080, 9000, 9001, 9002, 9003],
  ],
];

Deno.test("portSet takes ports in any shape", () => {
  for (const [shape, ports, expected] of SHAPES) {
    assertEquals([...portSet(ports)], expected, shape);
  }
});

Deno.test("portSet refuses what is not a port", async () => {
  for (
    const ports of [
      ...[0, -1, 65536, 80.5, NaN, Infinity],
      ...["", "http", "0", "65536", "9-8", "80,81"],
      ...[{ first: 0, last: 10 }, { first: 1, last: 65536 }],
      ...[{ first: 9, last: 8 }, { first: 1.5, last: 3 }],
      ...[[80, 0], [["80", ["x"]]], new Set([70000])],
      // What a caller without types may pass: a missing setting, mostly.
      ...[null, undefined, true, {}, [undefined], { first: 80 }],
    ]
  ) {
    await refused("BAD_INPUT", () => portSet(ports as Ports));
  }
  for (const ports of [1.5, { first: 1, last: 2.5 }, NaN, -1, 65536]) {
    await refused("BAD_INPUT", () => new PortSet().add(ports));
    await refused("BAD_INPUT", () => new PortSet().delete(ports));
  }
});
