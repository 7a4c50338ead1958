import { assertEquals } from "@std/assert";
import {
  type Named,
  namedPortsJson,
  portList,
  printPorts,
} from "../../lib/cli/call.ts";
import { linesOf, variablesFor } from "../../lib/cli/variables.ts";
import { CommandLine } from "../../lib/cli/command_line.ts";
import { StoreOn } from "../support/store_on.ts";
import { bareMachine } from "../support/fake_runtime.ts";

function named(name: string, port: number, count = 1): Named {
  return [name, { name, port, count }];
}

Deno.test("JSON has the names in the order given", () => {
  assertEquals(
    namedPortsJson([named("web", 2001), named("2", 2002), named("1", 2003)]),
    '{"web":2001,"2":2002,"1":2003}\n',
  );
  assertEquals(namedPortsJson([]), "{}\n");
});

Deno.test("JSON escapes what has to be, and has each name once", () => {
  const names = ['"', "\\", "__proto__", "\u2028", "a", "a"];
  const json = namedPortsJson(names.map((name) => named(name, 2001)));

  assertEquals(Object.keys(JSON.parse(json)), names.slice(0, 5));
  assertEquals(json.match(/"a":/g)?.length, 1);
});

Deno.test("a block is a list in JSON, its first port in the environment", () => {
  const block = named("block", 2001, 3);

  assertEquals(portList(block[1]), [2001, 2002, 2003]);
  assertEquals(namedPortsJson([block]), '{"block":[2001,2002,2003]}\n');
  assertEquals(linesOf(variablesFor([block], undefined)), "BLOCK_PORT=2001\n");
});

Deno.test("ports are printed a line each, or as JSON", () => {
  for (
    const [option, expected] of [
      ["--udp", "2001\n2005\n2006\n"],
      ["--json", '{"web":2001,"block":[2005,2006]}\n'],
    ] as const
  ) {
    let out = "";
    printPorts({
      line: new CommandLine(["web", "block", option]),
      store: new StoreOn(bareMachine({}), "ports.toml").store,
      runtime: bareMachine({ writeOut: (text) => void (out += text) }),
    }, [named("web", 2001), named("block", 2005, 2)]);

    assertEquals(out, expected);
  }
});
