import { assert, assertEquals } from "@std/assert";
import { portSet } from "../../lib/ports/port_set.ts";
import { assignedPorts, wellKnownPorts } from "../../lib/ports/registry.ts";

// The figures are those of the data of 2026-09; new data changes them.
Deno.test("6432 ports are assigned, 4357 are well known", () => {
  assertEquals(assignedPorts().size, 6432);
  assertEquals(wellKnownPorts().size, 4357);
  // Those that orchestrators publish services on are among them.
  assert(wellKnownPorts().hasAll(portSet("30000-32767")));
});

Deno.test("a port is assigned, well known, both or neither", () => {
  for (
    const [port, assigned, wellKnown, why] of [
      [80, true, true, "HTTP"],
      [1024, true, false, "reserved, which counts"],
      [4250, true, false, "inside a range, 4200-4299"],
      [11434, true, true, "in an Unassigned range, but assigned for TCP"],
      [49151, true, false, "the last one that IANA can assign"],
      [8069, false, true, "Odoo"],
      [15672, false, true, "RabbitMQ"],
      [25565, false, true, "Minecraft, in wide use, but unofficially"],
      [4, false, false, "its row says Unassigned"],
      [29500, false, false, "in the middle of the longest good range"],
      [34197, false, false, "unofficial, but for UDP only"],
      [50000, false, false, "its only row, 49152-65535, is not a service"],
      [65535, false, false, "the last of the dynamic range"],
    ] as const
  ) {
    const found = [assignedPorts().has(port), wellKnownPorts().has(port)];
    assertEquals(found, [assigned, wellKnown], `${port}: ${why}`);
  }
});
