import { assert, assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../lib/error.ts";
import {
  checkName,
  isExpired,
  nameProblem,
  portsOf,
} from "../lib/association.ts";

Deno.test("almost any text is a valid name", () => {
  for (
    const name of [
      "a",
      "a b",
      "a-",
      "__proto__",
      "\u{1f600}".repeat(255),
      "\u200fmarks\u200e",
      "a\u2028b",
    ]
  ) {
    assertEquals(nameProblem(name), undefined);
    checkName(name);
  }
});

Deno.test("a text that is no valid name is refused with the reason", () => {
  for (
    const [name, reason] of [
      ["", "empty"],
      ["n".repeat(256), "256 characters, more than 255"],
      ["\u{1f600}".repeat(256), "256 characters, more than 255"],
      ["a\0b", "control characters"],
      ["a\nb", "control characters"],
      ["a\x7fb", "control characters"],
      ["a\x9bb", "control characters"],
      ["a\ud800b", "not valid Unicode"],
      [" a", "begins or ends with white space"],
      ["a\u3000", "begins or ends with white space"],
      ["\ufeffa", "begins or ends with white space"],
      ["-a", "as options do"],
      ["e\u0301", "composed form (NFC)"],
    ] as const
  ) {
    assert(nameProblem(name)?.includes(reason), `${name}: ${reason}`);
    const error: PortForError = assertThrows(
      () => checkName(name),
      PortForError,
      reason,
    );
    assertEquals(error.code, "BAD_INPUT");
  }
});

Deno.test("the path of a checkout is as it is, a name below it is composed", () => {
  const directory = "/home/re\u0301mi";
  assertEquals(nameProblem(`${directory}/web`, directory), undefined);
  assert(nameProblem(`${directory}/e\u0301`, directory)?.includes("NFC"));
});

Deno.test("a refusal shows no more of a name than fits", () => {
  const error: Error = assertThrows(() => checkName("n".repeat(10_000)));

  assert(error.message.length < 200);
});

Deno.test("an association holds its port and those of its block", () => {
  assertEquals(portsOf({ name: "a", port: 2000, count: 1 }), {
    first: 2000,
    last: 2000,
  });
  assertEquals(portsOf({ name: "a", port: 2000, count: 4 }), {
    first: 2000,
    last: 2003,
  });
});

Deno.test("a lease ends in the moment that it names", () => {
  const expires = new Date("2100-01-01T00:00:00Z");
  const lease = { name: "a", port: 2000, count: 1, expires };
  assert(isExpired(lease, expires.getTime()));
  assert(!isExpired(lease, expires.getTime() - 1));
});
