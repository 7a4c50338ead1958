import { assertEquals, assertThrows } from "@std/assert";
import { variableOf, variablesOf } from "../../lib/cli/env.ts";
import { PortForError } from "../../lib/error.ts";

Deno.test("a name is spelt as shells want their variables to be", () => {
  for (
    const [name, variable] of [
      ["web", "WEB_PORT"],
      ["example.com/apache", "EXAMPLE_COM_APACHE_PORT"],
      ["my-web 2", "MY_WEB_2_PORT"],
      ["2nd", "_2ND_PORT"],
      ["a__b", "A__B_PORT"],
      ["straße", "STRASSE_PORT"],
      ["日本", "___PORT"],
      ["🎉", "__PORT"],
      ["$(reboot);`id`", "__REBOOT___ID__PORT"],
      ["=", "__PORT"],
      ["port", "PORT_PORT"],
    ] as const
  ) {
    assertEquals(variableOf(name), variable);
  }
});

Deno.test("variables keep the order of their names", () => {
  assertEquals(
    [...variablesOf([["web", 2001], ["2", 2002], ["db", 2003]])],
    [["WEB_PORT", "2001"], ["_2_PORT", "2002"], ["DB_PORT", "2003"]],
  );
});

Deno.test("a name that is given twice is one variable", () => {
  assertEquals(
    [...variablesOf([["web", 2001], ["web", 2001]])],
    [["WEB_PORT", "2001"]],
  );
});

Deno.test("names that an object has by itself are names like others", () => {
  assertEquals(
    [...variablesOf([["constructor", 2001], ["__proto__", 2002]])],
    [["CONSTRUCTOR_PORT", "2001"], ["__PROTO___PORT", "2002"]],
  );
});

Deno.test("two names with one spelling are refused, and both are named", () => {
  for (
    const [one, other] of [["a.b", "a-b"], ["web", "WEB"], [
      "straße",
      "STRASSE",
    ]]
  ) {
    const error = assertThrows(
      () => variablesOf([[one!, 2001], ["db", 2002], [other!, 2003]]),
      PortForError,
    );

    assertEquals(error.code, "FAILED");
    for (const part of [`"${one}"`, `"${other}"`, variableOf(one!)]) {
      assertEquals(error.message.includes(part), true, error.message);
    }
  }
});
