/**
 * Plays GitHub's part for the release workflow: runs the scripts of its steps,
 * job by job, in a copy of the project, with files for artifacts.
 *
 * @module
 */
import { parse } from "@std/yaml/parse";
import { assert, assertEquals } from "@std/assert";
import { PROJECT, runTool } from "../support/program.ts";
import type { TempFolder } from "../support/temp.ts";

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string | string[];
  readonly strategy?: {
    readonly matrix: { readonly include: readonly Record<string, string>[] };
  };
  readonly steps: readonly Step[];
}

/** The jobs of a workflow, as GitHub reads them. */
export function jobsOf(workflow: string): Readonly<Record<string, Job>> {
  const text = Deno.readTextFileSync(
    `${PROJECT}/.github/workflows/${workflow}`,
  );
  return (parse(text) as { jobs: Record<string, Job> }).jobs;
}

/** The release workflow, in a folder of its own. */
export class Rehearsal {
  readonly #temp: TempFolder;
  readonly #env: Readonly<Record<string, string>>;

  /**
   * @param programs Shell scripts that stand in for what talks to others, by
   * their names. `$LOG` is where they say what they were asked.
   */
  constructor(
    temp: TempFolder,
    programs: Readonly<Record<string, string>>,
    tag: string,
  ) {
    this.#temp = temp;
    Deno.mkdirSync(temp.file("programs"));
    for (const [name, script] of Object.entries(programs)) {
      temp.write(`programs/${name}`, `#!/bin/sh\n${script}`);
      Deno.chmodSync(temp.file(`programs/${name}`), 0o755);
    }
    this.#env = {
      PATH: `${temp.file("programs")}:${Deno.env.get("PATH")}`,
      HOME: Deno.env.get("HOME")!,
      LOG: temp.write("log", ""),
      PLAYED: temp.file("played"),
      GITHUB_REF_NAME: tag,
      GITHUB_REPOSITORY: "x/port-for",
      GITHUB_ACTOR: "x",
    };
    Deno.mkdirSync(temp.file("played"));
    Deno.mkdirSync(temp.file("artifacts"));
  }

  /** What the programs were asked, a line each. */
  get log(): string[] {
    return this.#temp.read("log").trimEnd().split("\n");
  }

  /** Runs all jobs, each behind those that it needs. */
  async run(): Promise<void> {
    const done = new Set<string>();
    for (const [name, job] of Object.entries(jobsOf("release.yml"))) {
      for (const need of [job.needs ?? []].flat()) assert(done.has(need), need);
      const matrix = job.strategy?.matrix.include ?? [{}];
      for (const machine of matrix) await this.#runJob(name, job, machine);
      done.add(name);
    }
  }

  async #runJob(
    name: string,
    { steps }: Job,
    matrix: Readonly<Record<string, string>>,
  ): Promise<void> {
    const folder = this.#temp.file("project");
    await runTool(["rm", "-rf", folder]);
    for (const step of steps) {
      if (step.uses) {
        await this.#use(step.uses, step.with ?? {}, folder);
      } else {
        const env = Object.fromEntries(
          Object.entries(step.env ?? {}).map((
            [variable, value],
          ) => [variable, filled(value, matrix)]),
        );
        const { status, stdout, stderr } = await runTool(
          ["bash", "-eo", "pipefail", "-c", step.run!],
          { cwd: folder, env: { ...this.#env, ...env } },
        );
        assertEquals(status, 0, `${name}: ${step.run}\n${stdout}${stderr}`);
      }
    }
  }

  async #use(
    action: string,
    options: Readonly<Record<string, string>>,
    folder: string,
  ): Promise<void> {
    const artifact = this.#temp.file(`artifacts/${options.name}`);
    const path = `${folder}/${options.path}`;
    switch (action.replace(/@.*/, "")) {
      case "actions/checkout":
        return await checkOut(folder);
      case "actions/setup-node":
      case "denoland/setup-deno":
        return;
      case "actions/upload-artifact":
        await runTool(["cp", "-RL", path, artifact]);
        // As artifacts come back.
        await runTool(["chmod", "-R", "a-x+X", artifact]);
        await runTool([
          ...[
            "find",
            artifact,
            "-type",
            "f",
            "-exec",
            "chmod",
            "644",
            "{}",
            "+",
          ],
        ]);
        return;
      case "actions/download-artifact":
        Deno.mkdirSync(path, { recursive: true });
        await runTool(["cp", "-R", `${artifact}/.`, path]);
        return;
      case "actions/attest-build-provenance": {
        const attested = await runTool(
          ["sh", "-c", `ls ${options["subject-path"]}`],
          { cwd: folder },
        );
        Deno.writeTextFileSync(
          this.#temp.file("log"),
          attested.stdout.replace(/^/gm, "attest ").replace(/attest $/, ""),
          { append: true },
        );
        return;
      }
      default:
        throw new Error(`the rehearsal does not know ${action}`);
    }
  }
}

/** Copies what is kept in version control. */
async function checkOut(folder: string): Promise<void> {
  Deno.mkdirSync(folder);
  const parts = [
    ...[".github", "data", "lib", "scripts", "tests", "main.ts"],
    ...["deno.json", "deno.lock", "LICENSE", "README.md"],
  ];
  const { status, stderr } = await runTool(["cp", "-R", ...parts, folder]);
  assertEquals(status, 0, stderr);
}

/** A text with GitHub's expressions filled in. */
function filled(
  text: string,
  matrix: Readonly<Record<string, string>>,
): string {
  return text.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    if (expression === "github.token") return "the token";
    const value = matrix[expression.replace(/^matrix\./, "")];
    if (value === undefined) throw new Error(`no value for ${expression}`);
    return value;
  });
}
