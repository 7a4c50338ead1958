import { assertEquals } from "@std/assert";
import { hasTool } from "./tools.ts";
import { PYTHON } from "./holders.ts";
import { type Outcome, PROGRAM, PROJECT, runTool } from "./program.ts";
import { Started } from "./started.ts";
import { TempFolder } from "./temp.ts";

/** The code blocks of a page in `docs/recipes`, without their fences. */
export function recipe(page: string): readonly string[] {
  const text = Deno.readTextFileSync(`${PROJECT}/docs/recipes/${page}.md`);
  return [...text.matchAll(/^```\w*\n(.*?)^```$/gms)]
    .map(([, block = ""]) => block);
}

/** Whether YAML can be read. */
export const readsYaml: boolean = Deno.build.os !== "windows" &&
  hasTool(PYTHON, "-c", "import yaml");

/** What a text in YAML means. */
export async function yaml(text: string): Promise<unknown> {
  const { status, stdout, stderr } = await runTool([
    ...[PYTHON, "-c"],
    "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))",
    text,
  ]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/**
 * A machine that a recipe is cooked on: a home, and a `port-for` to be found by
 * its name.
 */
export class Kitchen extends TempFolder {
  /** What tools are run with, beside the environment of all tests. */
  readonly env: Readonly<Record<string, string>>;

  /** Sets the machine up. */
  constructor() {
    super();
    for (const folder of ["bin", "home", "project"]) {
      Deno.mkdirSync(this.file(folder));
    }
    const words = PROGRAM.map((word) => `'${word}'`).join(" ");
    this.command("port-for", `exec ${words} "$@"`);
    this.env = {
      PATH: `${this.file("bin")}:${Deno.env.get("PATH")}`,
      HOME: this.file("home"),
    };
  }

  /** The folder that a recipe's project is in. */
  get project(): string {
    return this.file("project");
  }

  /** Puts a shell script among the commands. Returns its path. */
  command(name: string, script: string): string {
    return this.writeProgram(`bin/${name}`, `#!/bin/sh\n${script}\n`);
  }

  /** Makes the project a repository; `--here` is its root from then on. */
  repository(): void {
    Deno.mkdirSync(`${this.project}/.git`);
    this.write("project/.git/HEAD", "ref: refs/heads/main\n");
  }

  /** Runs a command in the project. */
  call(...words: string[]): Promise<Outcome> {
    return this.callIn(this.project, ...words);
  }

  /** Runs a command in a folder. */
  callIn(cwd: string, ...words: string[]): Promise<Outcome> {
    return runTool(words, { cwd, env: this.env });
  }

  /** Starts a command that stays, in a folder. */
  start(cwd: string, ...words: string[]): Started {
    return new Started(words, { cwd, env: this.env });
  }

  /** What a command prints that has to succeed. */
  async print(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.call(...words);
    assertEquals(status, 0, `${words.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  /** The port that a name has in the project, in the user's own store. */
  async port(name: string): Promise<string> {
    const call = ["port-for", "--user", "--here", "--get", name];
    return (await this.print(...call)).trimEnd();
  }
}
