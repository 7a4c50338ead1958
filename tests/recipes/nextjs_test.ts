import { assertEquals, assertStringIncludes } from "@std/assert";
import { Kitchen, recipe } from "../support/recipe.ts";
import { hasTool } from "../support/tools.ts";

const [PACKAGE = "", MANIFEST = ""] = recipe("nextjs");

Deno.test({
  name: "Next.js is started on its port, and told of the other",
  ignore: Deno.build.os === "windows" || !hasTool("npm", "--version"),
  fn: async () => {
    using kitchen = new Kitchen();
    kitchen.repository();
    kitchen.write("project/package.json", PACKAGE);
    kitchen.write("project/.port-for.toml", MANIFEST);
    kitchen.command("next", 'echo "$1 $PORT $NEXT_PUBLIC_API"');

    for (const script of ["dev", "start"]) {
      const said = await kitchen.print("npm", "run", "--silent", script);
      const [web, api] = [await kitchen.port("web"), await kitchen.port("api")];
      assertEquals(said, `${script} ${web} http://localhost:${api}\n`);
    }
    const write = ["--here", "--env", "--write", ".env.local"];
    await kitchen.print("port-for", ...write);
    assertStringIncludes(
      kitchen.read("project/.env.local"),
      `NEXT_PUBLIC_API=http://localhost:${await kitchen.port("api")}\n`,
    );
  },
});
