import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  availableOutside,
  goodPortsOf,
  goodPortsOutside,
  goodRangesOf,
} from "../../lib/ports/policy.ts";
import { inRanges, type PortRange } from "../../lib/ports/port_range.ts";
import { PortSet, portSet } from "../../lib/ports/port_set.ts";
import { assignedPorts, wellKnownPorts } from "../../lib/ports/registry.ts";

const LINUX = { first: 32768, last: 60999 };
const MAC = { first: 49152, last: 65535 };
const FREEBSD = { first: 10000, last: 65535 };

// The figures are those of the data of 2026-09; new data changes them a little.
Deno.test("a Linux as it comes has 17343 good ports in 197 ranges", () => {
  const available = availableOutside([LINUX]);
  const ranges = goodRangesOf(available);
  assertEquals(ranges.length, 197);
  assertEquals(goodPortsOf(available).size, 17343);
  const longest =
    ranges.toSorted((a, b) => (b.last - b.first) - (a.last - a.first))[0];
  assertEquals(longest, { first: 29173, last: 29896 });
});

Deno.test("the long runs alone have all the good ports", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(65535), fc.nat(3000)), { maxLength: 5 }),
    fc.record({ low: fc.nat(65535), high: fc.nat(65535) }),
    (pairs, bounds) => {
      const ephemeral = pairs.map(([first, length]) => ({
        first,
        last: Math.min(first + length, 65535),
      }));
      assertEquals(
        [...goodPortsOutside(ephemeral, bounds).ranges()],
        [...goodPortsOf(availableOutside(ephemeral, bounds)).ranges()],
      );
    },
  ));
  assertEquals(goodPortsOutside([LINUX]).size, 17343);
});

Deno.test("other systems as they come have more good ports, or hardly any", () => {
  const good = (range: PortRange) =>
    goodPortsOf(availableOutside([range])).size;
  assertEquals(good(MAC), 32834);
  assertEquals(good(FREEBSD), 393);
  assertEquals(good({ first: 1024, last: 65535 }), 0);
});

Deno.test("available ports are those from 1024 to 49151 that nobody claims", () => {
  const available = availableOutside([LINUX]);
  for (let port = 0; port <= 65535; port++) {
    const expected = port >= 1024 && port <= 49151 &&
      !assignedPorts().has(port) && !wellKnownPorts().has(port) &&
      !inRanges(port, [LINUX]);
    if (available.has(port) !== expected) {
      throw new Error(`${port}: ${available.has(port)}, not ${expected}`);
    }
  }
});

Deno.test("bounds widen or narrow what is available, both ends included", () => {
  // 4 and 65535 are free of claims; 29500 and 29510 too.
  assert(availableOutside([], { low: 4 }).has(4));
  assert(!availableOutside([], { low: 5 }).has(4));
  assert(availableOutside([], { high: 65535 }).has(65535));
  assert(!availableOutside([], { high: 65534 }).has(65535));
  const narrow = availableOutside([], { low: 29500, high: 29510 });
  assertEquals([...narrow.ranges()], [{ first: 29500, last: 29510 }]);
  assertEquals(availableOutside([], { low: 30000, high: 29000 }).size, 0);
});

Deno.test("several ephemeral ranges are left out, overlapping ones too", () => {
  const bounds = { low: 29500, high: 29600 };
  const available = availableOutside([
    { first: 29510, last: 29520 },
    { first: 29515, last: 29530 },
    { first: 29590, last: 65535 },
  ], bounds);
  assertEquals([...available.ranges()], [
    { first: 29500, last: 29509 },
    { first: 29531, last: 29589 },
  ]);
});

Deno.test("a caller may change the sets that it was given", () => {
  const before = availableOutside([LINUX]).size;
  availableOutside([LINUX]).delete({ first: 1, last: 65535 });
  goodPortsOf(availableOutside([LINUX])).delete({ first: 1, last: 65535 });
  assertEquals(availableOutside([LINUX]).size, before);
});

Deno.test("minRangeLength and border shape the good ranges", () => {
  assertEquals(goodRangesOf(portSet("8001-8026")), []);
  assertEquals(goodRangesOf(portSet(["1-27", "65509-65535"])), [
    { first: 4, last: 24 },
    { first: 65512, last: 65532 },
  ]);
  const available = portSet(["100-109", "200-229"]);
  for (
    const [minRangeLength, border, ...ranges] of [
      [0, 0, [100, 109], [200, 229]],
      [9, 0, [100, 109], [200, 229]],
      [10, 0, [200, 229]],
      [0, 2, [102, 107], [202, 227]],
      [undefined, 4, [204, 225]],
      [undefined, 5],
    ] as const
  ) {
    const shape = minRangeLength === undefined
      ? { border }
      : { minRangeLength, border };
    assertEquals(
      goodRangesOf(available, shape).map(({ first, last }) => [first, last]),
      ranges as unknown as number[][],
    );
  }
});

Deno.test("the good ports of any set are those far enough inside a long run", () => {
  const runs = fc.array(
    fc.record({ first: fc.integer({ min: 1, max: 150 }), more: fc.nat(40) }),
    { maxLength: 5 },
  );
  const shapes = fc.record({
    minRangeLength: fc.nat(25),
    border: fc.nat(5),
  });
  fc.assert(fc.property(runs, shapes, (runs, shape) => {
    const available = new PortSet();
    for (const { first, more } of runs) {
      available.add({ first, last: first + more });
    }
    const { minRangeLength, border } = shape;
    const expected = [...available].filter((port) => {
      let [first, last] = [port, port];
      while (available.has(first - 1)) first--;
      while (available.has(last + 1)) last++;
      return last - first + 1 - 2 * border > minRangeLength &&
        port - first >= border && last - port >= border;
    });
    assertEquals([...goodPortsOf(available, shape)], expected);
  }));
});
