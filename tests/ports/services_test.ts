import { assert, assertEquals } from "@std/assert";
import { assignedPorts, wellKnownPorts } from "../../lib/ports/registry.ts";
import {
  assignedServices,
  wellKnownServices,
} from "../../lib/ports/services.ts";

Deno.test("services are found by their port, and by any port of a range", () => {
  const named = (port: number) =>
    assignedServices(port).map(({ name, transports }) =>
      `${name} ${transports.join("+")}`.trim()
    );
  assert(named(22).includes("ssh tcp+udp+sctp"));
  assertEquals(named(4200), ["vrml-multi-use"]);
  assertEquals(named(4299), ["vrml-multi-use"]);
  // Several share a port.
  for (const name of ["http", "www"]) {
    assert(named(80).some((service) => service.startsWith(name)));
  }
  // In the registry, but as Unassigned.
  assertEquals(named(4), []);
});

Deno.test("a description is as its source has it", () => {
  const minecraft = wellKnownServices(25565)[0];
  assert(minecraft!.transports.includes("tcp"));
  assert(minecraft!.description.includes("Minecraft"));
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
