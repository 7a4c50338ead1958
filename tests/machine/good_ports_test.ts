import { assert, assertEquals } from "@std/assert";
import {
  availableGoodPorts,
  availablePorts,
  ephemeralPortRanges,
  goodPortRanges,
} from "../../lib/machine/good_ports.ts";
import { readReservedPorts } from "../../lib/machine/reserved.ts";
import { inRanges } from "../../lib/ports/port_range.ts";
import { type Ports, PortSet, portSet } from "../../lib/ports/port_set.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import { refused } from "../support/refused.ts";

Deno.test("available ports are outside this machine's ephemeral ranges, or those given", () => {
  const everywhere = availablePorts({ excludeRanges: [] });
  // A good port on a Mac, in the ephemeral range of Linux.
  assert(everywhere.has(40100));
  const ephemeral = ephemeralPortRanges();
  // An administrator may keep ports for others.
  const reserved = readReservedPorts(currentRuntime);
  assertEquals(
    [...availablePorts()],
    [...everywhere].filter((port) =>
      !inRanges(port, ephemeral) && !reserved.has(port)
    ),
  );
  const excludeRanges = [{ first: 29505, last: 29509 }];
  const some = availablePorts({ low: 29500, high: 29520, excludeRanges });
  assertEquals([...some.ranges()], [
    { first: 29500, last: 29504 },
    { first: 29510, last: 29520 },
  ]);
});

Deno.test("goodPortRanges looks at the ports that it is given", () => {
  const expected = [{ first: 5003, last: 5047 }];
  const ports: Ports[] = [
    "5000-5050",
    ["5000-5020", [new PortSet().add({ first: 5021, last: 5050 })]],
  ];
  for (const given of ports) assertEquals(goodPortRanges(given), expected);
  assertEquals(goodPortRanges("5000-5050", { border: 5 }), [
    { first: 5005, last: 5045 },
  ]);
  assertEquals(
    goodPortRanges(portSet("5000-5050"), { minRangeLength: 60 }),
    [],
  );
});

Deno.test("good ports are those of the good ranges of the available ports", () => {
  for (const shape of [{}, { border: 0 }, { minRangeLength: 500 }]) {
    const ranges = goodPortRanges(availablePorts(), shape);
    assertEquals([...availableGoodPorts(shape).ranges()], ranges);
    assertEquals(goodPortRanges(undefined, shape), ranges);
  }
});

Deno.test("what is not a port, a range or a shape is refused", async () => {
  const excludeRanges = [{ first: 10, last: 9 }];
  await refused("BAD_INPUT", () => availablePorts({ excludeRanges }));
  await refused("BAD_INPUT", () => goodPortRanges("http"));
  for (
    const shape of [{ border: -5 }, { border: 1.5 }, { minRangeLength: NaN }]
  ) {
    await refused("BAD_INPUT", () => availableGoodPorts(shape));
    await refused("BAD_INPUT", () => goodPortRanges("5000-5050", shape));
  }
});
