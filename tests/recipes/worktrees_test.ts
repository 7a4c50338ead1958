import { assert, assertEquals } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { Kitchen, recipe } from "../support/recipe.ts";

const [MANIFEST = "", WORK = "", CLEAN_UP = ""] = recipe("worktrees");

Deno.test({
  name: "each git worktree has a port of its own, until it is gone",
  ignore: Deno.build.os === "windows" || !hasTool("git", "--version") ||
    !hasTool("node", "--version"),
  fn: async () => {
    using kitchen = new Kitchen();
    kitchen.write(
      "project/server.js",
      `const server = require("node:http").createServer();
      server.listen(process.env.PORT, "127.0.0.1", () => {
        console.log("port " + server.address().port);
        server.close();
      });`,
    );
    kitchen.write("project/.port-for.toml", MANIFEST);
    const git = ["git", "-c", "user.name=me", "-c", "user.email=me@localhost"];
    await kitchen.print(...git, "init", "--quiet");
    await kitchen.print(...git, "add", ".");
    await kitchen.print(...git, "commit", "--quiet", "--message=shop");
    const here = await kitchen.print(
      ...["port-for", "--here", "--", "node", "server.js"],
    );
    const there = await kitchen.print("sh", "-euc", WORK);

    assert(/^port \d+\n$/.test(here), here);
    assert(/^port \d+$/m.test(there), there);
    assert(!there.includes(here));
    const list = ["port-for", "--user", "--list"];
    const names = [kitchen.project, kitchen.file("shop-fix")]
      .flatMap((folder) => [`${folder}/web`, `${folder}/db`]);
    const listed = (await kitchen.print(...list)).trimEnd().split("\n");
    assertEquals(listed.map((line) => line.replace(/: \d+$/, "")), names);
    await kitchen.print("sh", "-euc", CLEAN_UP);
    assertEquals(
      await kitchen.print(...list),
      `${listed[0]}\n${listed[1]}\n`,
    );
  },
});
