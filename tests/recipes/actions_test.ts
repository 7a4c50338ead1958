import { assertEquals } from "@std/assert";
import { Kitchen, readsYaml, recipe, yaml } from "../support/recipe.ts";

const [WORKFLOW = ""] = recipe("github-actions");

/** The part of a workflow that is looked at here. */
interface Workflow {
  readonly jobs: Readonly<
    Record<string, {
      readonly steps: readonly {
        readonly uses?: string;
        readonly name?: string;
        readonly run?: string;
      }[];
    }>
  >;
}

Deno.test({
  name: "the workflow's steps hand the ports on as GitHub Actions wants them",
  ignore: !readsYaml,
  fn: async () => {
    using kitchen = new Kitchen();
    kitchen.write("project/.port-for.toml", "[names]\nweb = {}\ndb = {}\n");
    const { jobs } = await yaml(WORKFLOW) as Workflow;
    const [checkout, setUp, choose, test] = jobs.test!.steps;
    assertEquals(
      [checkout?.uses, setUp?.uses],
      ["actions/checkout@v4", "denoland/setup-deno@v2"],
    );
    // There is no JSR here: these are the words that fetch port-for from it.
    kitchen.command(
      "deno",
      'test "$1 $2 $3 $4" = "run --no-config --allow-all jsr:@x/port-for"\n' +
        'shift 4; exec port-for "$@"',
    );
    kitchen.command("run-tests", 'echo "$*"');
    Deno.symlinkSync(
      kitchen.file("bin/run-tests"),
      `${kitchen.project}/run-tests`,
    );
    const file = kitchen.file("github-env");
    Deno.writeTextFileSync(file, "KEPT=1\n");

    // A step without a shell of its own is run like this.
    const step = (script: string, ...variables: string[]) =>
      kitchen.print("env", ...variables, "sh", "-e", "-c", script);
    assertEquals(await step(choose!.run!, `GITHUB_ENV=${file}`), "");
    const variables = Deno.readTextFileSync(file).trimEnd().split("\n");
    const [web, db] = [await kitchen.port("web"), await kitchen.port("db")];
    assertEquals(variables, ["KEPT=1", `WEB_PORT=${web}`, `DB_PORT=${db}`]);
    assertEquals(
      await step(test!.run!, ...variables),
      `--web ${web} --database ${db}\n`,
    );
  },
});
