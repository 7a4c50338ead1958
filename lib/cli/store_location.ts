import { PortForError } from "../error.ts";
import { machineStore, refuseNoText, userStore } from "../disk/usual_stores.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** The options that say where the store is. */
export interface WantedStore {
  /** The value of `--store`. */
  readonly store: string | undefined;
  /** Whether `--user` was given. */
  readonly user: boolean;
  /** Whether `--here` was given. */
  readonly here?: boolean;
}

/** Where a store is. */
export interface StoreLocation {
  /** The path of its file, or its address in a cluster. */
  readonly path: string;
  /**
   * Whether its folder is port-for's own, and created when needed. Other
   * folders must exist: a misspelt path must not create folders.
   */
  readonly createFolder: boolean;
  /** Whether it is the user's own store. */
  readonly isOwn: boolean;
  /** Whether no store was named, so it is the machine's. */
  readonly isUsual?: boolean;
}

/**
 * Where the store is: `--store`, else `--user`, else `PORT_FOR_STORE`, else
 * with `--here` the user's own, else the machine's. A command line beats the
 * environment.
 *
 * @throws {PortForError} if that cannot be determined.
 */
export function storeLocation(
  { store, user, here = false }: WantedStore,
  runtime: Pick<Runtime, "os" | "env">,
): StoreLocation {
  if (store === "") {
    throw new PortForError(
      "BAD_INPUT",
      'cannot use --store "": it is not a path (name a file)',
    );
  }
  const path = store ??
    (user ? undefined : runtime.env("PORT_FOR_STORE") || undefined);
  if (path !== undefined) refuseNoText(path);
  if (path !== undefined) return { path, createFolder: false, isOwn: false };
  if (user || here) {
    return { path: userStore(runtime), createFolder: true, isOwn: true };
  }
  return {
    path: machineStore(runtime),
    createFolder: runtime.os === "windows",
    isOwn: false,
    isUsual: true,
  };
}
