import { assert, assertEquals } from "@std/assert";
import { assignedPorts, wellKnownPorts } from "../../lib/ports/registry.ts";
import {
  assignedServices,
  type Service,
  wellKnownServices,
} from "../../lib/ports/services.ts";

function named(services: readonly Service[]): string[] {
  return services.map(({ name, transports }) =>
    `${name} ${transports.join("+")}`.trim()
  );
}

Deno.test("services are found by their port, and by any port of a range", () => {
  assert(named(assignedServices(22)).includes("ssh tcp+udp+sctp"));
  assertEquals(named(assignedServices(4200)), ["vrml-multi-use"]);
  assertEquals(named(assignedServices(4299)), ["vrml-multi-use"]);
  assertEquals(named(assignedServices(5432)), ["postgresql tcp+udp"]);
});

Deno.test("a port that nobody claims has no services", () => {
  assertEquals(assignedServices(29500), []);
  assertEquals(wellKnownServices(29500), []);
  // In the registry, but as Unassigned.
  assertEquals(assignedServices(4), []);
});

Deno.test("services that share a port are all found", () => {
  const names = assignedServices(80).map(({ name }) => name);
  assert(names.includes("http") && names.includes("www"), names.join(" "));
});

Deno.test("a description is as its source has it", () => {
  assertEquals(wellKnownServices(25565)[0]?.transports.includes("tcp"), true);
  assert(wellKnownServices(25565)[0]?.description.includes("Minecraft"));
  assertEquals(assignedServices(1024), [
    { name: "", description: "Reserved", transports: ["tcp", "udp"] },
  ]);
});

Deno.test("the names and the compact ranges are of the same data", () => {
  // A sample: every port takes too long, for it reads the list each time.
  for (let port = 1; port <= 65535; port += 331) {
    const known = wellKnownServices(port)
      .some(({ transports }) => transports.includes("tcp"));
    assertEquals(
      [assignedServices(port).length > 0, known],
      [assignedPorts().has(port), wellKnownPorts().has(port)],
      `port ${port}`,
    );
  }
});
