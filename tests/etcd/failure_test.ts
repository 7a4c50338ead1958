import { assertEquals, assertStringIncludes } from "@std/assert";
import { type FailureKind, failureOf } from "../../lib/etcd/failure.ts";

Deno.test("codes and texts decide what a failure means, not the status", () => {
  const cases: [FailureKind, number, string][] = [
    ["elsewhere", 14, "etcdserver: no leader"],
    ["elsewhere", 14, "etcdserver: rpc not supported for learner"],
    ["elsewhere", 8, "etcdserver: too many requests"],
    ["refused", 8, "etcdserver: mvcc: database space exceeded"],
    ["refused", 7, "etcdserver: permission denied"],
    ["refused", 3, "etcdserver: too many operations in txn request"],
    [
      "refused",
      3,
      "etcdserver: authentication failed, invalid user ID or password",
    ],
    ["refused", 5, "etcdserver: requested lease not found"],
    ["refused", 9, "etcdserver: lease already exists"],
    ["token", 16, "etcdserver: invalid auth token"],
    ["token", 3, "etcdserver: revision of auth store is old"],
    ["unknown", 14, "etcdserver: request timed out"],
    ["unknown", 14, "etcdserver: leader changed"],
    ["unknown", 4, "context deadline exceeded"],
    ["unknown", 2, "something"],
    ["unknown", 14, "transport is closing"],
  ];
  for (const [kind, code, text] of cases) {
    for (const status of [200, 400, 429, 503]) {
      // Older ones say "error", newer ones "message".
      for (const key of ["error", "message"]) {
        const answer = JSON.stringify({ [key]: text, code });
        assertEquals(failureOf(status, answer).kind, kind, text);
      }
    }
  }
});

Deno.test("what is not etcd's own word is told as it is", () => {
  assertEquals(failureOf(302, "").kind, "refused");
  assertEquals(failureOf(404, "not found").kind, "refused");
  assertEquals(failureOf(502, "<html>").kind, "unknown");
  const named = failureOf(
    400,
    "CommonName of client sending a request against gateway will be ignored " +
      "and not used as expected",
  );
  assertEquals(named.kind, "refused");
  assertStringIncludes(named.message, "without one");
});
