import { assertEquals } from "@std/assert";
import { variableOf, variablesOf } from "../../lib/cli/env.ts";
import { refused } from "../support/refused.ts";

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

Deno.test("variables keep the order of their names, each once", () => {
  const names = ["web", "2", "constructor", "__proto__", "web"];
  assertEquals([...variablesOf(names.map((name) => [name, 2001]))], [
    ["WEB_PORT", "2001"],
    ["_2_PORT", "2001"],
    ["CONSTRUCTOR_PORT", "2001"],
    ["__PROTO___PORT", "2001"],
  ]);
});

Deno.test("two names with one spelling are refused, and both are named", async () => {
  for (
    const [one, other] of [["a.b", "a-b"], ["web", "WEB"], ["ß", "SS"]] as const
  ) {
    const act = () => variablesOf([[one, 2001], ["db", 2002], [other, 2003]]);
    const named = [`"${one}"`, `"${other}"`, variableOf(one)];
    await refused("FAILED", act, ...named);
  }
});
