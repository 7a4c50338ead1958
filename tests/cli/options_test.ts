import { assert, assertEquals } from "@std/assert";
import { CONTRADICTIONS, OPTIONS } from "../../lib/cli/options.ts";

Deno.test("every option has names of its own", () => {
  const names = OPTIONS.flatMap(({ long, short }) =>
    short ? [long, short] : long
  );

  assertEquals(names.length, new Set(names).size);
  for (const { long, short } of OPTIONS) {
    assert(/^[a-z]+(-[a-z]+)*$/.test(long), long);
    assert(short === undefined || /^[a-z]$/.test(short), short);
  }
});

Deno.test("contradictions are between options that there are", () => {
  const names = new Set(OPTIONS.map(({ long }) => long));

  assertEquals(CONTRADICTIONS.flat().filter((name) => !names.has(name)), []);
});

Deno.test("what options change can be asked for", () => {
  const actions = new Set<string>(
    OPTIONS.flatMap(({ action }) => action ?? []),
  ).add("associate");
  const changed = OPTIONS.flatMap(({ changes }) => changes ?? []);

  assertEquals(changed.filter((action) => !actions.has(action)), []);
});

Deno.test("only options with a value take one of few", () => {
  for (const { long, value, choices } of OPTIONS) {
    assert(!choices || (value !== undefined && choices.length > 1), long);
  }
});
