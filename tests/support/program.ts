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
 * How to run the program as another user. That takes root.
 *
 * @param temp Holds what that user needs to run the program at all.
 * @param group A group that the user is in, beside one of the same number.
 */
export async function asUser(
  user: number,
  temp: TempFolder,
  group?: number,
): Promise<RunOptions> {
  const options = {
    prefix: [
      "setpriv",
      `--reuid=${user}`,
      `--regid=${user}`,
      group === undefined ? "--clear-groups" : `--groups=${group}`,
    ],
  };
  Deno.chmodSync(temp.path, 0o755);
  const program = await Promise.all(
    PROGRAM.map((word) => reachable(word, temp)),
  );
  // The project itself may be in a folder that this user cannot enter.
  const cwd = temp.path;
  if (Deno.env.get("PORT_FOR")) return { ...options, program, cwd };
  // Deno needs the packages in its cache, and puts more beside them.
  const cache = temp.file("deno-cache");
  Deno.mkdirSync(cache);
  await runTool(["cp", "-R", `${DENO_DIR}/npm`, cache]);
  await runTool(["chown", "-R", `${user}`, cache]);
  return { ...options, program, cwd, env: { DENO_DIR: cache } };
}

/**
 * A word of a command that other users can reach too: what lies in a folder of
 * root's alone, as what npx has brought does, is copied.
 */
async function reachable(word: string, temp: TempFolder): Promise<string> {
  if (!word.startsWith("/") || isOpenToAll(word)) return word;
  if (word !== `${PROJECT}/main.ts`) {
    const copy = temp.file("program");
    Deno.copyFileSync(word, copy);
    Deno.chmodSync(copy, 0o755);
    return copy;
  }
  const copy = temp.file("project");
  Deno.mkdirSync(copy);
  const parts = ["main.ts", "lib", "data", "deno.json", "deno.lock"];
  await runTool(["cp", "-R", ...parts, copy]);
  await runTool(["chmod", "-R", "go+rX", copy]);
  return `${copy}/main.ts`;
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
 * What programs have in their environment. The machine's own store, which no
 * test may touch, and whatever else a person has set, are left out.
 */
export function environment(
  more: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const all = {
    PATH: Deno.env.get("PATH"),
    HOME: "/nonexistent",
    // Without this, every HOME of a test would get a cache of its own.
    DENO_DIR,
    // Nor is Bun to keep anything in them.
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    ...more,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    ),
  );
}

/** A word that names a file of the project, so that any folder can be left. */
function wherever(word: string): string {
  const path = `${PROJECT}/${word}`;
  try {
    return Deno.statSync(path).isFile ? path : word;
  } catch {
    return word;
  }
}

const DENO_DIR: string = denoDir();

function denoDir(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    stderr: "null",
  }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
