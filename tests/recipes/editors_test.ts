import { assertEquals, assertStringIncludes } from "@std/assert";
import { PYTHON } from "../support/holders.ts";
import { works } from "../support/program.ts";
import { Kitchen, recipe } from "../support/recipe.ts";
import { hasTool } from "../support/tools.ts";

const [MANIFEST = "", TASKS = "", LAUNCH = ""] = recipe("vscode");
const [RUN = ""] = recipe("jetbrains");
const [CONTAINER = "", COMPOSE = ""] = recipe("devcontainers");

/** A project with a server that says its port. */
class Project extends Kitchen {
  constructor() {
    super();
    this.repository();
    this.write("project/.port-for.toml", MANIFEST);
    this.write("project/server.js", "console.log(process.env.PORT);\n");
  }
}

const isPossible = Deno.build.os !== "windows" && hasTool("node", "--version");

Deno.test({
  name: "the task of Visual Studio Code writes what its launch reads",
  ignore: !isPossible,
  fn: async () => {
    using project = new Project();
    const [task] = JSON.parse(TASKS).tasks;
    const [launch] = JSON.parse(LAUNCH).configurations;
    const path = (text: string) =>
      text.replace("${workspaceFolder}", project.project);
    assertEquals(launch.preLaunchTask, task.label);
    await project.print("sh", "-c", task.command);

    assertEquals(
      await project.print(
        ...["node", `--env-file=${path(launch.envFile)}`],
        path(launch.program),
      ),
      `${await project.port("web")}\n`,
    );
  },
});

Deno.test({
  name: "the run configuration of JetBrains IDEs runs the server on its port",
  ignore: !isPossible || !hasTool(PYTHON, "--version"),
  fn: async () => {
    using project = new Project();
    const options = JSON.parse(
      await project.print(
        ...[PYTHON, "-c"],
        "import json, sys, xml.etree.ElementTree as tree\n" +
          "print(json.dumps({option.get('name'): option.get('value')\n" +
          "  for option in tree.fromstring(sys.argv[1]).iter('option')}))",
        RUN,
      ),
    );
    assertEquals(options.SCRIPT_WORKING_DIRECTORY, "$PROJECT_DIR$");

    assertEquals(
      await project.print("sh", "-c", options.SCRIPT_TEXT),
      `${await project.port("web")}\n`,
    );
  },
});

Deno.test({
  name: "the host writes the ports that a Dev Container's Compose file wants",
  ignore: Deno.build.os === "windows" ||
    !hasTool("docker-compose", "version") && !works("docker", "compose"),
  fn: async () => {
    using project = new Project();
    const { initializeCommand, dockerComposeFile, service } = JSON.parse(
      CONTAINER,
    );
    const folder = `${project.project}/.devcontainer`;
    Deno.mkdirSync(folder);
    project.write(`project/.devcontainer/${dockerComposeFile}`, COMPOSE);
    await project.print("sh", "-c", initializeCommand);
    const { status, stdout, stderr } = await project.callIn(
      folder,
      ...["docker-compose", "--file", dockerComposeFile, "config"],
    );

    assertEquals(status, 0, stderr);
    const port = await project.port("web");
    for (const part of [`${service}:`, `127.0.0.1:${port}:${port}`, "PORT:"]) {
      assertStringIncludes(stdout, part);
    }
  },
});
