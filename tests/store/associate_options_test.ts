import { assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import {
  type AssociateOptions,
  checkOptions,
} from "../../lib/store/associate_options.ts";
import { LONGEST_TTL } from "../../lib/ports/duration.ts";

Deno.test("what makes sense passes", () => {
  const sound: AssociateOptions[] = [
    {},
    { port: 1 },
    { port: 65535, count: 1 },
    { count: 65535 },
    { range: "8000" },
    { range: { first: 1, last: 65535 } },
    { exclude: [] },
    { exclude: ["1-9", 80] },
    { ttl: 0.5 },
    { ttl: LONGEST_TTL },
  ];
  for (const options of sound) checkOptions(["web"], options);
  checkOptions(["web", "web"], { port: 80 });
});

Deno.test("what makes no sense is refused", () => {
  const wrong: AssociateOptions[] = [
    ...[0, -1, 65536, 80.5, NaN].map((port) => ({ port })),
    ...[0, -1, 65536, 1.5, NaN].map((count) => ({ count })),
    { port: 65535, count: 2 },
    ...[0, -1, NaN, Infinity, LONGEST_TTL + 1].map((ttl) => ({ ttl })),
    { range: "" },
    { range: "9-1" },
    { range: { first: 9, last: 1 } },
    { range: { first: 1, last: 70000 } },
    { exclude: 0 },
    { exclude: ["x"] },
    // What only plain JavaScript can pass.
    ...[null, 1, "port"].map((options) => options as AssociateOptions),
    ...["random", "udp", "reserve", "allow"].map((option) => ({ [option]: 1 })),
    { directory: 5 as unknown as string },
    { range: ["2000-2001"] as unknown as string },
    { range: null as unknown as string },
  ];
  for (const options of wrong) {
    const error: PortForError = assertThrows(
      () => checkOptions(["web"], options),
      PortForError,
      "cannot ",
    );
    assertEquals(error.code, "BAD_INPUT");
  }
});

Deno.test("a port is for one name", () => {
  assertThrows(
    () => checkOptions(["web", "db"], { port: 80 }),
    PortForError,
    "a port belongs to one name",
  );
});
