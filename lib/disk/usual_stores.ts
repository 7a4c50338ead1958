import { PortForError, quoted } from "../error.ts";
import { isAbsolute } from "../runtime/path.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** The path of the machine's store. */
export function machineStore(runtime: Pick<Runtime, "os" | "env">): string {
  if (runtime.os !== "windows") return "/etc/port-for.toml";
  const programData = runtime.env("ProgramData") || "C:\\ProgramData";
  return `${programData}\\port-for\\port-for.toml`;
}

/**
 * The path of the user's own store, following the XDG Base Directory
 * Specification.
 *
 * @throws {PortForError} if the environment does not tell.
 */
export function userStore(runtime: Pick<Runtime, "os" | "env">): string {
  const path = `${userStateFolder(runtime)}/port-for.toml`;
  refuseNoText(path);
  return path;
}

/**
 * Refuses a path that is not valid UTF-8: two of them could look the same.
 *
 * @throws {PortForError} `BAD_INPUT`.
 */
export function refuseNoText(path: string): void {
  // Bytes that are not UTF-8 are decoded to this character.
  if (!path.includes("\ufffd")) return;
  throw new PortForError(
    "BAD_INPUT",
    `cannot use ${quoted(path)} as the store: it is not valid UTF-8 text ` +
      `(name another file)`,
  );
}

function userStateFolder(runtime: Pick<Runtime, "os" | "env">): string {
  const state = runtime.env("XDG_STATE_HOME") ?? "";
  // The specification says to ignore relative paths.
  if (isAbsolute(state, runtime.os)) return `${state}/port-for`;
  const home = runtime.env("HOME") || runtime.env("USERPROFILE") || "";
  if (isAbsolute(home, runtime.os)) return `${home}/.local/state/port-for`;
  throw new PortForError(
    "FAILED",
    "cannot find your own store: neither HOME nor XDG_STATE_HOME is set to " +
      "an absolute path (name a store with --store)",
  );
}
