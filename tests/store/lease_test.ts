import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { isRenewedBy, leasedFor } from "../../lib/store/lease.ts";

const web = { name: "web", port: 2000, count: 1 };

Deno.test("a lease is never shorter than asked for, and ends on a second", () => {
  for (const ttl of [0.001, 1, 60.5, 604800]) {
    const before = Date.now();
    const ends = leasedFor(ttl, web).expires!.getTime();

    assert(ends >= before + ttl * 1000);
    assert(ends <= Date.now() + ttl * 1000 + 1000);
    assertEquals(ends % 1000, 0);
  }
});

Deno.test("without a time, an association is what it is", () => {
  assertStrictEquals(leasedFor(undefined, web), web);
});

Deno.test("only a lease is renewed, and only by a call with a time", () => {
  const lease = { ...web, expires: new Date(0) };

  assert(isRenewedBy(60, lease));
  assert(!isRenewedBy(undefined, lease));
  assert(!isRenewedBy(60, web));
});
