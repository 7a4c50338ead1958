import { assert, assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { ephemeralPortRanges } from "../../lib/machine/ephemeral.ts";
import {
  availableGoodPorts,
  availablePorts,
  goodPortRanges,
} from "../../lib/machine/good_ports.ts";
import { inRanges } from "../../lib/ports/port_range.ts";
import { type Ports, PortSet, portSet } from "../../lib/ports/port_set.ts";

const LINUX = [{ first: 32768, last: 60999 }];

Deno.test("available ports are outside this machine's ephemeral ranges", () => {
  const everywhere = availablePorts({ excludeRanges: [] });
  const ephemeral = ephemeralPortRanges();
  assertEquals(
    [...availablePorts()],
    [...everywhere].filter((port) => !inRanges(port, ephemeral)),
  );
});

Deno.test("an empty list of ranges to exclude excludes none", () => {
  const everywhere = availablePorts({ excludeRanges: [] });
  // A good port on a Mac, in the ephemeral range of Linux.
  assert(everywhere.has(40100));
  assert(!availablePorts({ excludeRanges: LINUX }).has(40100));
});

Deno.test("bounds and ranges to exclude work together", () => {
  const available = availablePorts({
    low: 29500,
    high: 29520,
    excludeRanges: [{ first: 29505, last: 29509 }],
  });
  assertEquals([...available.ranges()], [
    { first: 29500, last: 29504 },
    { first: 29510, last: 29520 },
  ]);
});

Deno.test("a range to exclude that is no range is refused", () => {
  const excludeRanges = [{ first: 10, last: 9 }];
  const error = assertThrows(
    () => availablePorts({ excludeRanges }),
    PortForError,
  );
  assertEquals(error.code, "BAD_INPUT");
});

Deno.test("goodPortRanges looks at the ports that it is given", () => {
  const expected = [{ first: 5003, last: 5047 }];
  const ports: Ports[] = [
    "5000-5050",
    { first: 5000, last: 5050 },
    portSet("5000-5050"),
    ["5000-5020", [new PortSet().add({ first: 5021, last: 5050 })]],
  ];
  for (const given of ports) assertEquals(goodPortRanges(given), expected);
  assertEquals(goodPortRanges("5000-5050", { border: 5 }), [
    { first: 5005, last: 5045 },
  ]);
  assertEquals(goodPortRanges("5000-5050", { minRangeLength: 60 }), []);
  assertEquals(goodPortRanges([]), []);
});

Deno.test("goodPortRanges refuses what are no ports", () => {
  const error = assertThrows(() => goodPortRanges("http"), PortForError);
  assertEquals(error.code, "BAD_INPUT");
});

Deno.test("good ports are those of the good ranges of the available ports", () => {
  for (const shape of [{}, { border: 0 }, { minRangeLength: 500 }]) {
    assertEquals(
      [...availableGoodPorts(shape).ranges()],
      goodPortRanges(availablePorts(), shape),
    );
    assertEquals(
      goodPortRanges(undefined, shape),
      goodPortRanges(availablePorts(), shape),
    );
  }
});

Deno.test("a shape that is no shape is refused", () => {
  for (
    const shape of [{ border: -5 }, { border: 1.5 }, { minRangeLength: NaN }]
  ) {
    for (
      const call of [
        () => availableGoodPorts(shape),
        () => goodPortRanges("5000-5050", shape),
      ]
    ) {
      assertEquals(assertThrows(call, PortForError).code, "BAD_INPUT");
    }
  }
});
