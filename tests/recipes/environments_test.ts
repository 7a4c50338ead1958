import { assertEquals, assertStringIncludes } from "@std/assert";
import { npmPackages } from "../support/npm.ts";
import { Kitchen, recipe } from "../support/recipe.ts";
import { hasTool } from "../support/tools.ts";

const [ENVRC = ""] = recipe("direnv");
const [TASKS = ""] = recipe("mise");

/** A project with a name, a variable, and a server that says its ports. */
class Project extends Kitchen {
  constructor() {
    super();
    this.repository();
    this.write(
      "project/.port-for.toml",
      `[names]\nweb = {}\ndb = {}\n[env]\nURL = "it's {web}"\n`,
    );
    this.write(
      "project/server.js",
      "const { PORT, WEB_PORT, DB_PORT, URL } = process.env;\n" +
        "console.log([PORT, WEB_PORT, DB_PORT, URL].join('|'));\n",
    );
    Deno.mkdirSync(this.src);
  }

  /** A folder in it. */
  get src(): string {
    return `${this.project}/src`;
  }

  /** What the server says. */
  async said(hasPort: boolean): Promise<string> {
    const [web, db] = [await this.port("web"), await this.port("db")];
    return `${hasPort ? web : ""}|${web}|${db}|it's ${web}\n`;
  }
}

Deno.test({
  name: "direnv gives every shell of the project its ports",
  ignore: Deno.build.os === "windows" || !hasTool("direnv", "version") ||
    !hasTool("node", "--version"),
  fn: async () => {
    using project = new Project();
    project.write("project/.envrc", ENVRC);
    await project.print("direnv", "allow");
    const shell = ["direnv", "exec", project.src, "node", "../server.js"];
    const run = async () => {
      const { status, stdout, stderr } = await project.callIn(
        project.src,
        ...shell,
      );
      assertEquals(status, 0, stderr);
      return stdout;
    };

    assertEquals(await run(), await project.said(false));
    // A manifest with a mistake is told of, and nothing is half set.
    project.write("project/.port-for.toml", "[name]\n");
    const { status, stderr } = await project.callIn(project.src, ...shell);
    assertEquals(status === 0, false);
    assertStringIncludes(stderr, 'did you mean "names"?');
  },
});

const packages = Deno.build.os === "linux" && Deno.build.arch === "x86_64"
  ? await npmPackages("@jdxcode/mise-linux-x64@2026.9.15")
  : undefined;

Deno.test({
  name: "mise runs tasks with the project's ports",
  ignore: packages === undefined || !hasTool("node", "--version"),
  fn: async () => {
    using project = new Project();
    project.write("project/mise.toml", TASKS);
    const mise = (...words: string[]) =>
      project.callIn(
        project.src,
        ...["env", "MISE_OFFLINE=1", "MISE_NO_HOOKS=1"],
        `${packages}/node_modules/@jdxcode/mise-linux-x64/bin/mise`,
        ...words,
      );
    assertEquals((await mise("trust", "--quiet", "..")).status, 0);
    const { status, stdout, stderr } = await mise("run", "--quiet", "dev");

    assertEquals([status, stdout], [0, await project.said(true)], stderr);
    const ports = await mise("run", "--quiet", "ports");
    assertStringIncludes(ports.stdout, `WEB_PORT=${await project.port("web")}`);
  },
});
