import { PortForError, quoted } from "../error.ts";
import { isAbsolute } from "../runtime/path.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where the command line says that the store is. */
export interface WantedStore {
  /** The value of `--store`. */
  readonly store: string | undefined;
  /** Whether `--user` was given. */
  readonly user: boolean;
}

/** Where a store is. */
export interface StoreLocation {
  /** The path of its file. */
  readonly path: string;
  /**
   * Whether its folder is port-for's own, to be created where needed. Others
   * must exist: a misspelt path should not grow folders.
   */
  readonly createFolder: boolean;
}

/**
 * Where the store is: `--store`, else `PORT_FOR_STORE`, else `--user`, else the
 * machine's.
 *
 * @throws {PortForError} where it cannot be told.
 */
export function storeLocation(
  { store, user }: WantedStore,
  runtime: Runtime,
): StoreLocation {
  if (store === "") {
    throw new PortForError(
      "BAD_INPUT",
      'cannot use --store "": it is no path (name a file)',
    );
  }
  const path = store ?? (runtime.env("PORT_FOR_STORE") || undefined);
  if (path?.includes("\ufffd")) {
    throw new PortForError(
      "BAD_INPUT",
      `cannot use ${quoted(path)} as the store: it is not valid UTF-8 text ` +
        `(name another file)`,
    );
  }
  if (path !== undefined) return { path, createFolder: false };
  if (user) {
    return {
      path: `${userStateFolder(runtime)}/port-for.toml`,
      createFolder: true,
    };
  }
  if (runtime.os === "windows") {
    const programData = runtime.env("ProgramData") || "C:\\ProgramData";
    return {
      path: `${programData}\\port-for\\port-for.toml`,
      createFolder: true,
    };
  }
  return { path: "/etc/port-for.toml", createFolder: false };
}

/** The folder for state by the XDG Base Directory Specification. */
function userStateFolder(runtime: Runtime): string {
  const state = runtime.env("XDG_STATE_HOME") ?? "";
  // The specification has relative paths ignored.
  if (isAbsolute(state, runtime.os)) return `${state}/port-for`;
  const home = runtime.env("HOME") || runtime.env("USERPROFILE") || "";
  if (isAbsolute(home, runtime.os)) return `${home}/.local/state/port-for`;
  throw new PortForError(
    "FAILED",
    "cannot find your own store: neither HOME nor XDG_STATE_HOME is set " +
      "(name a store with --store)",
  );
}
