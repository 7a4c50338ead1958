import {
  type Association,
  checkName,
  composedName,
  composedNames,
  isExpired,
} from "../association.ts";
import { FilePlace } from "../disk/file_place.ts";
import { isEtcdAddress, refuseOtherAddress } from "../etcd/address.ts";
import { checkIsObject, PortForError, shown } from "../error.ts";
import type { Policy } from "../place.ts";
import { currentRuntime } from "../runtime/current.ts";
import type { AssociateOptions } from "./associate_options.ts";
import { listed, type ListOptions } from "./list.ts";
import type { Pruned } from "./prune.ts";
import { DEFAULT_WAIT, type Store } from "./store.ts";

/** How a `PortStore` behaves. */
export interface PortStoreOptions {
  /**
   * How long to wait for other writers, in seconds; not negative. Defaults to
   * 10.
   */
  readonly wait?: number;
  /**
   * Create the store's folder, private to its user, on the first write. By
   * default it must exist.
   */
  readonly createFolder?: boolean;
  /** Receives warnings. By default they are dropped. */
  readonly onWarning?: (message: string) => void;
}

/**
 * A store in a TOML file: which name holds which port. Reading takes no lock.
 * Every change takes the store's lock, is all or nothing, and is on disk when
 * its promise resolves.
 *
 * @example
 * ```ts
 * import { PortStore } from "@x/port-for";
 *
 * const store = new PortStore(`${await Deno.makeTempDir()}/ports.toml`);
 * const port = await store.associate("web");
 * console.log(port === await store.associate("web")); // true
 * await store.release("web");
 * ```
 */
export class PortStore {
  /** The path of the store's file, which need not exist yet. */
  readonly path: string;
  readonly #place: FilePlace;
  readonly #store: Store;

  /**
   * Creates a store for a file, which need not exist yet. Reads and writes
   * nothing.
   *
   * @param path The path of the store's file.
   * @param options How to behave.
   * @throws {PortForError} `BAD_INPUT` if the path or the time to wait is not
   * valid.
   */
  constructor(path: string, options: PortStoreOptions = {}) {
    checkIsObject(options);
    const { wait = DEFAULT_WAIT } = options;
    if (typeof path !== "string" || path === "" || path.includes("\0")) {
      throw new PortForError(
        "BAD_INPUT",
        `cannot use ${shown(path)} as a store: it is not a path (name a file)`,
      );
    }
    if (isEtcdAddress(path)) {
      throw new PortForError(
        "BAD_INPUT",
        `cannot use ${shown(path)} as a file: it is the address of a cluster ` +
          `(open it with FleetStore)`,
      );
    }
    refuseOtherAddress(path);
    if (!(wait >= 0)) {
      throw new PortForError(
        "BAD_INPUT",
        `cannot wait ${wait} s for a store: not a number of seconds, such as 30`,
      );
    }
    this.path = path;
    const createFolder = options.createFolder ?? false;
    // The program that uses this library must go on running meanwhile.
    const waiting = { wait, mayBlock: false };
    const how = { ...waiting, createFolder };
    this.#place = new FilePlace(path, how, currentRuntime);
    this.#store = {
      ...waiting,
      place: this.#place,
      runtime: currentRuntime,
      warn: options.onWarning ?? (() => {}),
    };
  }

  /**
   * Every association, in the order of the file. Invalid entries are left out.
   *
   * @throws {PortForError} `STORE_INVALID` if the store is not TOML at all;
   * `NO_PERMISSION` or `FAILED` if it cannot be read.
   */
  list(options: ListOptions = {}): Association[] {
    const view = this.#place.read();
    const onProblem = this.#store.warn;
    return listed(view.all(), view, { onProblem, ...options });
  }

  /** The store's `[policy]`. */
  policy(): Policy {
    return this.#place.read().policy;
  }

  /**
   * The association of a name; `undefined` if it has none.
   *
   * @throws {PortForError} As `list` does, and `STORE_INVALID` if this name's
   * entry is not valid.
   */
  get(name: string): Association | undefined {
    const composed = composedName(name);
    checkName(composed);
    const association = this.#place.read().find(composed);
    return association && !isExpired(association) ? association : undefined;
  }

  /**
   * The port of a name, which gets one first if it has none.
   *
   * @returns The port, or the first of a block; for a list of names, their
   * ports in the same order.
   * @throws {PortForError} As `ensure` does.
   */
  async associate(name: string, options?: AssociateOptions): Promise<number>;
  /** The ports of several names, in the same order. */
  async associate(
    names: readonly string[],
    options?: AssociateOptions,
  ): Promise<number[]>;
  async associate(
    names: string | readonly string[],
    options: AssociateOptions = {},
  ): Promise<number | number[]> {
    const all = typeof names === "string" ? [names] : names;
    const ports = (await this.ensure(all, options)).map(({ port }) => port);
    return typeof names === "string" ? ports[0]! : ports;
  }

  /**
   * The associations of names. Missing ones are made first: all of them or
   * none.
   *
   * @returns One for each name, in the same order.
   * @throws {PortForError} `BAD_INPUT` for an invalid name or option,
   * `PORT_TAKEN` if a port belongs to another name or a name has another port
   * or count, `NO_GOOD_PORT`, `STORE_INVALID`, `STORE_BUSY`, `NO_PERMISSION` or
   * `FAILED`; then nothing has changed.
   */
  async ensure(
    names: readonly string[],
    options: AssociateOptions = {},
  ): Promise<Association[]> {
    const { associate } = await import("./associate.ts");
    return await associate(this.#store, composedNames(names), options);
  }

  /**
   * Makes names give up their ports.
   *
   * @param names A name or several.
   * @returns The names among them that had no association.
   * @throws {PortForError} `BAD_INPUT`, `STORE_INVALID`, `STORE_BUSY`,
   * `NO_PERMISSION` or `FAILED`; then nothing has changed.
   */
  async release(names: string | readonly string[]): Promise<string[]> {
    const all = typeof names === "string" ? [names] : names;
    const { release } = await import("./release.ts");
    const without = await release(this.#store, composedNames(all));
    return without.map(({ name }) => name);
  }

  /**
   * Drops what is no longer needed: leases that have ended, and names whose
   * directory is gone.
   *
   * @returns What was dropped.
   * @throws {PortForError} As `release` does; then nothing has changed.
   */
  async prune(): Promise<Pruned[]> {
    const { prune } = await import("./prune.ts");
    return await prune(this.#store);
  }

  /**
   * Restores reservations that the store records but the Linux kernel or
   * port-for's sysctl file has lost.
   *
   * @returns The associations that have reserved ports.
   * @throws {PortForError} `NO_PERMISSION` or `FAILED` if that is not possible.
   */
  async restoreReservations(): Promise<Association[]> {
    const { restoreReservations } = await import("./reserve.ts");
    return await restoreReservations(this.#store);
  }

  /**
   * Imports associations from elsewhere: all or none.
   *
   * @returns The ones that were new here.
   * @throws {PortForError} `PORT_TAKEN` if any of them conflicts with the store
   * or with each other, listing every conflict; otherwise as `release` does.
   * Then nothing has changed.
   */
  async adopt(associations: readonly Association[]): Promise<Association[]> {
    const { adopt } = await import("./adopt.ts");
    return await adopt(this.#store, associations);
  }
}
