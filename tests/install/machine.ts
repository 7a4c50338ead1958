import { PROJECT, runTool } from "../support/program.ts";
import type { Outcome } from "../support/program.ts";
import type { TempFolder } from "../support/temp.ts";

/** What a machine says about itself. */
export interface MachineFacts {
  /** What `uname -s` says. */
  readonly system?: string;
  /** What `uname -m` says. */
  readonly processor?: string;
  /**
   * Where there are loaders of programs: `/lib/ld-linux`, `/lib64/ld-linux`,
   * `/lib/ld-musl`.
   */
  readonly loaders?: readonly string[];
  /** Which C library its `ldd` says it is of. */
  readonly ldd?: "GLIBC" | "musl";
  /** The lines of its program `gh`, if it has one. */
  readonly gh?: readonly string[];
  /** Tools that it does not have. */
  readonly without?: readonly string[];
}

/** How to run the script. */
export interface InstallOptions {
  /** A command that runs it. */
  readonly prefix?: readonly string[];
  /** Its arguments. */
  readonly args?: readonly string[];
}

/** The script that is tested. */
export const INSTALL_SH = `${PROJECT}/scripts/install.sh`;

/** The shells that must run it, as words. */
export const SHELLS: readonly (readonly string[])[] = [
  ["dash"],
  ["bash", "--posix"],
  ["busybox", "sh"],
];

/** What the script may call, and what tests run it with. */
const TOOLS = [
  ...["setpriv", "setsid", "sh", "sleep", "unshare", "mount"],
  ...["awk", "cat", "chmod", "cp", "curl", "dirname", "grep", "gzip", "head"],
  ...["id", "mkdir", "mv", "rm", "rmdir", "sed", "sha256sum", "shasum", "sort"],
  ...["tar", "wget"],
];

/**
 * A machine as install.sh sees it: it has the tools that it is given, and says
 * about itself what it is told to.
 */
export class Machine {
  readonly #temp: TempFolder;

  private constructor(temp: TempFolder) {
    this.#temp = temp;
  }

  /** Sets one up below a temporary folder. By default it is Linux on x64. */
  static async in(temp: TempFolder, {
    system = "Linux",
    processor = "x86_64",
    loaders = ["/lib64/ld-linux"],
    ldd = "GLIBC",
    gh,
    without = [],
  }: MachineFacts = {}): Promise<Machine> {
    Deno.mkdirSync(temp.file("tools"));
    const tools = TOOLS.filter((tool) => !without.includes(tool));
    const { stdout } = await runTool(
      ["sh", "-c", 'for tool; do command -v "$tool"; done', "sh", ...tools],
      { env: { PATH: "/usr/local/bin:/usr/bin:/bin" } },
    );
    for (const path of stdout.trim().split("\n")) {
      const name = path.replace(/^.*\//, "");
      Deno.symlinkSync(path, temp.file(`tools/${name}`));
    }
    const machine = new Machine(temp);
    machine.#stub("uname", [
      "case $1 in",
      `  -s) echo ${system} ;;`,
      `  -m) echo ${processor} ;;`,
      "esac",
    ]);
    // The shell has put in what this machine has; what counts is the folder.
    machine.#stub("ls", [
      "status=0",
      "for path; do",
      "  case $path in",
      ...loaders.map((loader) => `    ${loader}-*) echo "$path" ;;`),
      '    *) echo "ls: cannot access $path" >&2; status=2 ;;',
      "  esac",
      "done",
      "exit $status",
    ]);
    machine.#stub("ldd", [`echo "ldd (${ldd})"`]);
    if (gh) machine.#stub("gh", gh);
    return machine;
  }

  /** Where its tools are, and nothing else. */
  get path(): string {
    return this.#temp.file("tools");
  }

  /** Runs the script with a shell. */
  install(
    shell: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
    { prefix = [], args = [] }: InstallOptions = {},
  ): Promise<Outcome> {
    return runTool([...prefix, ...shellPath(shell), INSTALL_SH, ...args], {
      env: { PATH: this.path, ...env },
      cwd: this.#temp.path,
    });
  }

  #stub(tool: string, lines: readonly string[]): void {
    const path = this.#temp.file(`tools/${tool}`);
    Deno.writeTextFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"));
    Deno.chmodSync(path, 0o755);
  }
}

/** The same words with the program's path: the machine's PATH has no shell. */
export function shellPath([shell, ...args]: readonly string[]): string[] {
  return [`/bin/${shell}`, ...args];
}
