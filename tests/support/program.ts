/**
 * The real program, run as its users run it: a process with arguments, an
 * environment and an exit status. `PORT_FOR` names another one to test, such as
 * `dist/port-for` or `bun bundle.js`; by default it is `main.ts` on this Deno.
 *
 * @module
 */
import { isOpenToAll, type TempFolder } from "./temp.ts";

/** How to run the program. */
export interface RunOptions {
  /**
   * Variables on top of a minimal environment; `undefined` takes one away.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder to run it in. By default that of the project. */
  readonly cwd?: string;
  /** A command that runs the program, such as `unshare -n`. */
  readonly prefix?: readonly string[];
  /** The words that run the program, where another copy of it is to run. */
  readonly program?: readonly string[];
}

/** What a run left behind. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder of the project. */
export const PROJECT: string = Deno.realPathSync(
  `${import.meta.dirname}/../..`,
);

/** The words that run the program, its arguments left out. */
export const PROGRAM: readonly string[] =
  (Deno.env.get("PORT_FOR") || undefined)?.split(" ").map(wherever) ??
    [Deno.execPath(), "run", "--quiet", "--allow-all", wherever("main.ts")];

/** Runs the program to its end, with nothing on its standard input. */
export function portFor(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const { prefix = [], program = PROGRAM } = options;
  return runTool([...prefix, ...program, ...args], options);
}

/** Runs any command to its end, in the program's environment. */
export async function runTool(
  [command, ...args]: readonly string[],
  { env = {}, cwd = PROJECT }: Omit<RunOptions, "prefix"> = {},
): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(command!, {
    args,
    cwd,
    clearEnv: true,
    env: environment(env),
    stdin: "null",
  }).output();
  return {
    status: code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

/** A user, and a group, that own nothing. */
export const NOBODY = 65534;

/**
 * How to run the program as another user. That takes root. They need not reach
 * the clone, nor anything of root's: what they run is put where they can.
 *
 * @param temp Where to put it.
 * @param group A group that the user is in, beside one of the same number.
 */
export async function asUser(
  user: number,
  temp: TempFolder,
  group?: number,
): Promise<RunOptions> {
  Deno.chmodSync(temp.path, 0o755);
  return {
    prefix: [
      "setpriv",
      `--reuid=${user}`,
      `--regid=${user}`,
      group === undefined ? "--clear-groups" : `--groups=${group}`,
    ],
    program: await programForAll(temp),
    cwd: temp.path,
    env: { DENO_DIR: "/nonexistent" },
  };
}

/** Words that run the program, all of which anybody can reach. */
async function programForAll(temp: TempFolder): Promise<readonly string[]> {
  if (Deno.env.get("PORT_FOR")) {
    return PROGRAM.map((word) => reachable(word, temp));
  }
  // In one file it needs nothing of Deno's cache.
  const bundle = temp.file("port-for.js");
  const words = ["bundle", "--quiet", `--output=${bundle}`, "main.ts"];
  const { status, stderr } = await runTool([Deno.execPath(), ...words]);
  if (status !== 0) throw new Error(`cannot bundle the program: ${stderr}`);
  const deno = reachable(Deno.execPath(), temp);
  return [deno, "run", "--quiet", "--allow-all", bundle];
}

/** A word of a command; a file that others cannot reach or run is copied. */
export function reachable(word: string, temp: TempFolder): string {
  if (!word.startsWith("/")) return word;
  const { mode } = Deno.statSync(word);
  if ((mode! & 0o005) === 0o005 && isOpenToAll(word)) return word;
  const copy = temp.file(word.replace(/.*\//, ""));
  Deno.copyFileSync(word, copy);
  Deno.chmodSync(copy, 0o755);
  return copy;
}

/** Whether this machine has a command, and may run it. */
export function works(...words: readonly string[]): boolean {
  try {
    const [command, ...args] = words;
    return new Deno.Command(command!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false;
  }
}

/**
 * The environment of a child of a test: nothing of the caller's but the PATH.
 * There is no home, and the machine's own sysctl files are not looked at.
 *
 * @param more What else is in it; `undefined` takes a variable away.
 */
export function environment(
  more: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const all = {
    PATH: Deno.env.get("PATH"),
    HOME: "/nonexistent",
    PORT_FOR_SYSCTL_DIR: "/nonexistent",
    // Without this, every HOME of a test would get a cache of its own.
    DENO_DIR,
    // Nor is Bun to keep anything in them.
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    ...ON_WINDOWS,
    ...more,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    ),
  );
}

/** What no program of Windows does without. */
const ON_WINDOWS: Record<string, string | undefined> =
  Deno.build.os === "windows" ? { SystemRoot: Deno.env.get("SystemRoot") } : {};

/** A word that names a file of the project, so that any folder can be left. */
function wherever(word: string): string {
  const path = `${PROJECT}/${word}`;
  try {
    return Deno.statSync(path).isFile ? path : word;
  } catch {
    return word;
  }
}

/** Where Deno keeps what it has fetched. */
export const DENO_DIR: string = denoDir();

function denoDir(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    stderr: "null",
  }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
