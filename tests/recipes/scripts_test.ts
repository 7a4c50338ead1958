import { assertEquals } from "@std/assert";
import { PROJECT } from "../support/program.ts";
import { Kitchen, recipe } from "../support/recipe.ts";

const [DEPLOY = ""] = recipe("scripts");

Deno.test({
  name: "a deploy script runs port-for's own code, from any folder",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using kitchen = new Kitchen();
    const store = kitchen.file("ports.toml");
    // There is no JSR here; what it would give has a configuration of its own.
    kitchen.command(
      "deno",
      `case "$*" in
      "run --no-config --allow-all jsr:@x/port-for "*) shift 4; pwd >&2 ;;
      *) exit 9 ;;
      esac
      exec '${Deno.execPath()}' run --config='${PROJECT}/deno.json' --quiet \\
        --allow-all '${PROJECT}/main.ts' "$@"`,
    );
    kitchen.write("project/deno.json", '{ "links": ["/nonexistent"] }');
    const script = `${DEPLOY}\necho "$port"`;
    const { status, stdout, stderr } = await kitchen.call(
      ...["env", `PORT_FOR_STORE=${store}`, "sh", "-euc", script],
    );

    assertEquals([status, stderr], [0, "/\n"]);
    assertEquals(
      stdout,
      await kitchen.print("port-for", "--store", store, "--get", "shop"),
    );
  },
});
