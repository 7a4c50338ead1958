import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { candidatesFor, randomCandidates } from "../../lib/ports/candidates.ts";
import { availableOutside, goodPortsOf } from "../../lib/ports/policy.ts";
import { PortSet, portSet } from "../../lib/ports/port_set.ts";

const EVERY_PORT = portSet("1024-49151");
const GOOD = goodPortsOf(availableOutside([{ first: 32768, last: 60999 }]));

// To change these numbers is to move every user's ports. They are those of
// FNV-1a and mulberry32, worked out by another program.
Deno.test("the candidates for a name are the same for ever", () => {
  for (
    const [name, first] of [
      ["web", [46851, 16828, 36345, 18864, 22930]],
      ["instance1.apache", [14423, 1392, 4348, 27761, 8707]],
      ["grüße", [15239, 46378, 44383, 28767, 5387]],
    ] as const
  ) {
    assertEquals([...candidatesFor(name, EVERY_PORT).take(5)], first);
    const good = first.filter((port) => GOOD.has(port));
    assertEquals([...candidatesFor(name, GOOD).take(good.length)], good);
  }
});

Deno.test("every good port is a candidate exactly once", () => {
  for (const name of ["web", "", "a".repeat(255), "\u{1f600}"]) {
    const candidates = [...candidatesFor(name, GOOD)];
    assertEquals(candidates.length, GOOD.size);
    assertEquals(candidates.toSorted((a, b) => a - b), [...GOOD]);
  }
});

Deno.test("the last good port is found wherever it is", () => {
  for (const port of [1, 1023, 1024, 49151, 49152, 65535]) {
    assertEquals([...candidatesFor("web", new PortSet().add(port))], [port]);
  }
  assertEquals([...candidatesFor("web", new PortSet())], []);
});

Deno.test("ports that are no longer good leave the order of the others", () => {
  const names = fc.string({ minLength: 1, maxLength: 20 });
  const span = fc.integer({ min: 1024, max: 49151 });
  fc.assert(
    fc.property(names, span, span, (name, a, b) => {
      const fewer = new PortSet(GOOD)
        .delete({ first: Math.min(a, b), last: Math.max(a, b) });
      assertEquals(
        [...candidatesFor(name, fewer)],
        [...candidatesFor(name, GOOD)].filter((port) => fewer.has(port)),
      );
    }),
    { numRuns: 20 },
  );
});

Deno.test("a thousand names want nearly a thousand ports", () => {
  const wanted = (name: string) => candidatesFor(name, EVERY_PORT).next().value;
  const ports = Array.from({ length: 1000 }, (_, at) => wanted(`tree-${at}`));
  // A perfect draw of 1000 from 48128 ports has about ten pairs.
  assert(new Set(ports).size > 970, `${new Set(ports).size} ports`);
  assertNotEquals(wanted("web"), wanted("Web"));
  assertNotEquals(wanted("ab"), wanted("ba"));
});

Deno.test("random candidates are the good ports in another order", () => {
  const ports = fc.uniqueArray(fc.integer({ min: 1, max: 65535 }), {
    maxLength: 200,
  });
  fc.assert(fc.property(ports, (ports) => {
    const candidates = [...randomCandidates(portSet(ports))];
    assertEquals(
      candidates.toSorted((a, b) => a - b),
      ports.toSorted((a, b) => a - b),
    );
  }));
});

Deno.test("random candidates come in an order of their own each time", () => {
  // That two are the same by chance has a probability of 1 in 17343!.
  assertNotEquals([...randomCandidates(GOOD)], [...randomCandidates(GOOD)]);
  assertNotEquals([...randomCandidates(GOOD)], [...GOOD]);
});
