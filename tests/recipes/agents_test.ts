import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Kitchen, recipe } from "../support/recipe.ts";

const [LINES = ""] = recipe("agents");

Deno.test({
  name: "what an assistant is told to type does what it is told",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using kitchen = new Kitchen();
    kitchen.repository();
    kitchen.write("project/.port-for.toml", "[names]\nweb = {}\ndb = {}\n");
    const told = [...LINES.matchAll(/`([^`]*port-for [^`]*)`/g)]
      .map(([, command = ""]) => command.replaceAll(/\s+/g, " "));
    const [start, one, all, status, url] = told;
    assertEquals(told.length, 5);
    const shell = (command: string) => kitchen.print("sh", "-euc", command);
    const said = await shell(
      start!.replace("COMMAND", `sh -c 'echo "$PORT $WEB_PORT $1"' sh {web}`),
    );
    const web = await kitchen.port("web");

    assertEquals(said, `${web} ${web} ${web}\n`);
    assertEquals(await shell(one!), `${web}\n`);
    assertStringIncludes(await shell(all!), `WEB_PORT=${web}\nDB_PORT=`);
    assertStringIncludes(await shell(status!), `${kitchen.project}/web`);
    assertEquals(await shell(`echo ${url}`), `http://localhost:${web}/\n`);
    // The line for a new service is one of a manifest.
    const [, line = ""] = /`(\w+ = \{\})`/.exec(LINES) ?? [];
    kitchen.write("project/.port-for.toml", `[names]\nweb = {}\n${line}\n`);
    assert(await kitchen.print("port-for", "--here", "mail") !== "");
  },
});

Deno.test("an assistant is told in few lines", () => {
  assert(LINES.trimEnd().split("\n").length <= 16, LINES);
});
