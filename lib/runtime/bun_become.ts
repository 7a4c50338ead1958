import fs from "node:fs";
import process from "node:process";
import { becomeProgram, ignoredBefore, originalLimits } from "./become.ts";
import { type CFunctions, cFunctions } from "./c_library.ts";
import { descriptorsHandedIn } from "./handed_in.ts";

/** The parts of Bun that are used here. */
declare const Bun: { FFI: { ptr(bytes: Uint8Array): number } };

const SIGPIPE = 13;
const SIGXFSZ = 25;

/**
 * Becomes another program.
 *
 * @returns if this system has no way to do that.
 * @throws an error with the system's code if the program cannot be run.
 */
export function become(
  args: readonly Uint8Array[],
  environment: Readonly<Record<string, string>>,
): void {
  if (process.platform === "win32") return;
  const library = loaded();
  if (!library) return becomeWithoutLibrary(args, environment);
  const { call, errno } = library;
  becomeProgram(args, environment, {
    signals: [
      [SIGPIPE, 0],
      [SIGXFSZ, 0],
      ...ignoredBefore(textOf("/proc/self/status")),
    ],
    descriptors: descriptorsHandedIn(),
    openFiles: originalLimits(
      textOf("/proc/self/limits"),
      textOf(`/proc/${process.ppid}/limits`),
    ),
  }, { addressOf: (bytes) => Bun.FFI.ptr(bytes), ...call, errno });
}

type Functions =
  | "execvp"
  | "setenv"
  | "unsetenv"
  | "signal"
  | "fcntl"
  | "setrlimit";

function loaded(): CFunctions<Functions> | undefined {
  try {
    return cFunctions({
      execvp: { args: ["ptr", "ptr"], returns: "i32" },
      setenv: { args: ["ptr", "ptr", "i32"], returns: "i32" },
      unsetenv: { args: ["ptr"], returns: "i32" },
      signal: { args: ["i32", "usize"], returns: "usize" },
      fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
      setrlimit: { args: ["i32", "ptr"], returns: "i32" },
    });
  } catch {
    // The system allows no code to be generated at run time.
    return undefined;
  }
}

/**
 * The same with Node's `process.execve`, which passes on only descriptors 0 to
 * 2, takes arguments and variables as text, and does not search PATH.
 */
function becomeWithoutLibrary(
  args: readonly Uint8Array[],
  environment: Readonly<Record<string, string>>,
): void {
  const { execve } = process as unknown as { execve?: Execve };
  if (!execve) return;
  const texts = args.map((arg) => new TextDecoder().decode(arg));
  const file = inPath(texts[0]!);
  execve(file, texts, { ...process.env, ...environment });
}

type Execve = (
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
) => void;

function inPath(command: string): string {
  const folders = command.includes("/")
    ? [""]
    : (process.env.PATH ?? "/bin:/usr/bin").split(":").map((folder) =>
      `${folder || "."}/`
    );
  let code = "ENOENT";
  for (const folder of folders) {
    try {
      const file = folder + command;
      if (!fs.statSync(file).isFile()) throw denied();
      fs.accessSync(file, fs.constants.X_OK);
      return file;
    } catch (error) {
      const { code: found } = error as { code?: string };
      if (found === "EACCES") code = found;
    }
  }
  throw Object.assign(new Error(`cannot run ${command}`), { code });
}

function denied(): Error {
  return Object.assign(new Error("it is not a file"), { code: "EACCES" });
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
