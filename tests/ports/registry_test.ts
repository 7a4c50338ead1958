import { assert, assertEquals } from "@std/assert";
import { portSet } from "../../lib/ports/port_set.ts";
import { assignedPorts, wellKnownPorts } from "../../lib/ports/registry.ts";

// The figures are those of the data of 2026-09; new data changes them.
Deno.test("6432 ports are assigned, 4357 are well known", () => {
  assertEquals(assignedPorts().size, 6432);
  assertEquals(wellKnownPorts().size, 4357);
});

Deno.test("the ports that orchestrators publish services on are well known", () => {
  assert(wellKnownPorts().hasAll(portSet("30000-32767")));
});

for (
  const [port, why] of [
    [22, "SSH"],
    [80, "HTTP"],
    [1024, "reserved, which counts"],
    [8080, "an alternative for HTTP"],
    [4250, "inside a range, 4200-4299"],
    [11434, "in an Unassigned range, but assigned for TCP"],
    [49151, "the last one that IANA can assign"],
  ] as const
) {
  Deno.test(`port ${port} is assigned: ${why}`, () => {
    assert(assignedPorts().has(port));
  });
}

for (
  const [port, why] of [
    [4, "its row says Unassigned"],
    [25565, "in wide use, but unofficially"],
    [29500, "in the middle of the longest good range"],
    [49152, "the first of the dynamic range"],
    [65535, "the last of the dynamic range"],
  ] as const
) {
  Deno.test(`port ${port} is not assigned: ${why}`, () => {
    assert(!assignedPorts().has(port));
  });
}

for (
  const [port, by] of [
    [8069, "Odoo"],
    [15672, "RabbitMQ"],
    [25565, "Minecraft"],
  ] as const
) {
  Deno.test(`port ${port} is well known: ${by}`, () => {
    assert(wellKnownPorts().has(port));
  });
}

for (
  const [port, why] of [
    [50000, "its only row for TCP, 49152-65535, is longer than a service"],
    [34197, "unofficial, but for UDP only"],
    [29500, "in no row at all"],
  ] as const
) {
  Deno.test(`port ${port} is not well known: ${why}`, () => {
    assert(!wellKnownPorts().has(port));
  });
}
