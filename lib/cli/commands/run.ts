import { PortForError, quoted } from "../../error.ts";
import { holdersOf, readHolders } from "../../machine/listeners.ts";
import { Prober, WHAT_FORBIDS } from "../../machine/probe.ts";
import { errorCode, type Runtime } from "../../runtime/runtime.ts";
import { utf8Text } from "../../runtime/utf8.ts";
import { type Named, portList } from "../call.ts";
import { say } from "../messages.ts";
import { inUseText } from "../text.ts";

/** The exit statuses of shells when they cannot run a command. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * `port-for NAME... -- COMMAND...`: becomes a command with the ports in its
 * environment, and in its arguments for `{NAME}` and `{port}` (the first
 * name's).
 *
 * @param variables Further variables for its environment.
 * @returns On systems without `execve`, the command's exit status; 126 or 127
 * if it could not be run.
 * @throws {PortForError} if a port is in use or may not be bound.
 */
export async function runWithPorts(
  command: readonly string[],
  named: readonly Named[],
  variables: ReadonlyMap<string, string>,
  runtime: Runtime,
): Promise<number> {
  const ports = named.map(([name, { port }]) => [name, port] as const);
  const [, firstPort] = ports[0]!;
  const environment = {
    PORT: `${firstPort}`,
    ...Object.fromEntries(variables),
  };
  const places = new Map([...ports, ["port", firstPort]]);
  const args = rawArguments(command, runtime).map((arg, at) =>
    at === 0 ? arg : filledIn(arg, places)
  );
  const [shown = ""] = command;
  const prober = new Prober(runtime);
  for (const one of named) await refuseUnusable(shown, one, prober, runtime);
  try {
    await runtime.become(args.map(bytesOf), environment);
    const [file = "", ...rest] = args.map((arg) => textOrRefused(arg));
    return await runtime.runInPlace(file, rest, environment);
  } catch (error) {
    return couldNotRun(shown, error, runtime);
  }
}

/**
 * The original arguments as strings with one character per byte. Needed because
 * the engine decodes bytes that are not UTF-8 to U+FFFD.
 */
function rawArguments(
  command: readonly string[],
  runtime: Runtime,
): string[] {
  if (!command.some((arg) => arg.includes("\ufffd"))) {
    return command.map((arg) => charactersOf(new TextEncoder().encode(arg)));
  }
  const given = charactersOf(commandLine(runtime)).split("\0").slice(0, -1);
  const raw = given.slice(-command.length);
  const isSame = raw.length === command.length &&
    raw.every((arg, at) =>
      new TextDecoder().decode(bytesOf(arg)) === command[at]
    );
  if (isSame) return raw;
  throw notText();
}

/** The command line of this process, according to Linux. */
function commandLine(runtime: Runtime): Uint8Array {
  try {
    return runtime.readFile("/proc/self/cmdline");
  } catch {
    return new Uint8Array();
  }
}

function charactersOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function bytesOf(characters: string): Uint8Array {
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}

function textOrRefused(characters: string): string {
  const text = utf8Text(bytesOf(characters));
  if (text === undefined) throw notText();
  return text;
}

function notText(): PortForError {
  return new PortForError(
    "BAD_INPUT",
    `cannot run the command: an argument is not UTF-8 text, which cannot be ` +
      `passed on unchanged here (rename what it names)`,
  );
}

/** Replaces `{name}` with its port; other braces stay. */
function filledIn(arg: string, places: ReadonlyMap<string, number>): string {
  return arg.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const text = utf8Text(bytesOf(name));
    return `${(text !== undefined && places.get(text.normalize())) || whole}`;
  });
}

/** Checks first, because the command's own message would say less. */
async function refuseUnusable(
  command: string,
  [name, association]: Named,
  prober: Prober,
  runtime: Runtime,
): Promise<void> {
  for (const port of portList(association)) {
    const verdict = await prober.verdict(port);
    if (verdict === "free") continue;
    const whose = `port ${port} of ${quoted(name)}`;
    if (verdict === "forbidden") {
      throw new PortForError(
        "NO_PERMISSION",
        `cannot run ${quoted(command)}: it may not bind ${whose}: ` +
          `${WHAT_FORBIDS} (allow it there, or run the command by itself)`,
      );
    }
    const all = readHolders(runtime, new Set([port]));
    const holders = holdersOf(port, true, all, runtime);
    throw new PortForError(
      "FAILED",
      `cannot run ${quoted(command)}: ${whose} is ` +
        `${inUseText(holders)} (${
          holders.length > 0
            ? "stop that first"
            : "look for a container, or a firewall's rule, that answers there"
        })`,
    );
  }
}

/** Says why, and returns the exit status that `env` would. */
function couldNotRun(
  command: string,
  error: unknown,
  runtime: Runtime,
): number {
  if (error instanceof PortForError) throw error;
  const code = errorCode(error) ?? "";
  const why = code === "ENOENT" && isInstalled(command, runtime)
    ? NO_INTERPRETER
    : WHY_NOT[code] ?? (error as Error).message;
  say(runtime, `cannot run ${quoted(command)}: ${why}`);
  return code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
}

/** Whether the command's file exists: then its interpreter must be missing. */
function isInstalled(command: string, runtime: Runtime): boolean {
  const folders = command.includes("/")
    ? [""]
    : (runtime.env("PATH") ?? "").split(":").map((folder) => `${folder}/`);
  return folders.some((folder) => {
    try {
      return runtime.stat(folder + command).kind === "file";
    } catch {
      return false;
    }
  });
}

const NO_INTERPRETER =
  "what has to run it does not exist: the program in its " +
  "first line (#!), or the loader of its C library";

const WHY_NOT: Readonly<Record<string, string>> = {
  ENOENT: "there is no such command (is it installed, and in PATH?)",
  EACCES: "it is not an executable file, or not for this user",
  EPERM: "this user may not run it",
  ENOTDIR: "a part of its path is not a folder",
  ELOOP: "its symlinks lead in a circle",
  ENAMETOOLONG: "its path is too long",
  ENOEXEC: "it is not a program for this machine",
  ETXTBSY: "something is writing to it",
  E2BIG: "its arguments and variables are too long",
  ENOMEM: "there is not enough memory",
};
