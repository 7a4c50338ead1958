import { assertEquals, assertStringIncludes } from "@std/assert";
import { works } from "../support/program.ts";
import { Kitchen, readsYaml, recipe, yaml } from "../support/recipe.ts";

const [MANIFEST = "", COMMAND = "", COMPOSE = ""] = recipe("compose");

/** A project with ports, in Compose's place. */
class Project extends Kitchen {
  constructor() {
    super();
    this.write("project/.port-for.toml", MANIFEST);
  }
}

/** Compose, in its older or its newer form; neither needs an engine for this. */
const TOOL = [["docker", "compose"], ["docker-compose"]]
  .find((words) => works(...words, "version"));

Deno.test({
  name:
    "the compose file publishes two ports of the environment on the loopback",
  ignore: !readsYaml,
  fn: async () => {
    assertEquals(await yaml(COMPOSE), {
      services: {
        web: {
          image: "nginx:1.28",
          ports: ["127.0.0.1:${WEB_PORT:?is missing in .env}:80"],
        },
        db: {
          image: "postgres:18",
          environment: { POSTGRES_PASSWORD: "example" },
          ports: ["127.0.0.1:${DB_PORT:?is missing in .env}:5432"],
        },
      },
    });
  },
});

Deno.test({
  name: "the .env file has the variables that the compose file wants",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using kitchen = new Project();
    kitchen.write("project/.env", "POSTGRES_DB=shop\n");
    await kitchen.print("sh", "-euc", COMMAND);

    const text = kitchen.read("project/.env");
    for (
      const line of [
        "POSTGRES_DB=shop",
        `WEB_PORT=${await kitchen.port("web")}`,
        `DB_PORT=${await kitchen.port("db")}`,
      ]
    ) assertStringIncludes(text, `${line}\n`);
  },
});

Deno.test({
  name: "Compose puts the ports of .env into their places",
  ignore: TOOL === undefined,
  fn: async () => {
    using kitchen = new Project();
    kitchen.write("project/compose.yaml", COMPOSE);
    await kitchen.print("sh", "-euc", COMMAND);
    const config = await kitchen.print(...TOOL!, "config");

    // The older form prints "127.0.0.1:8001:80/tcp", the newer a table.
    assertEquals(config.match(/127\.0\.0\.1/g)?.length, 2);
    for (const name of ["web", "db"]) {
      assertStringIncludes(config, await kitchen.port(name));
    }
  },
});

Deno.test({
  name: "Compose refuses to go on without .env",
  ignore: TOOL === undefined,
  fn: async () => {
    using kitchen = new Project();
    kitchen.write("project/compose.yaml", COMPOSE);
    const { status, stderr } = await kitchen.call(...TOOL!, "config");

    assertEquals(status === 0, false);
    assertStringIncludes(stderr, "is missing in .env");
  },
});
