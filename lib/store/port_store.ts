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
   * How long to wait for other writers, in seconds; not negative. By default
   * 10.
   */
  readonly wait?: number;
  /**
   * Create the folder of the store, for its user alone, when something is
   * first written there. By default it must exist.
   */
  readonly createFolder?: boolean;
  /** Takes messages that are no errors. By default they are dropped. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The store: which name holds which port. Reading takes no lock; every change
 * is made under one, all or nothing, and is on disk when its promise resolves.
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
   * A store in a file, which need not exist yet. Nothing is read or written.
   *
   * @param path The path of the store's file.
   * @param options How to behave.
   * @throws {PortForError} `BAD_INPUT` for a path or a time to wait that is none.
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
    // The program that this is a part of goes on while it waits.
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
   * Every association, in the store's order. Entries that cannot be understood
   * are left out.
   *
   * @throws {PortForError} `STORE_INVALID` where the store is not TOML at all;
   * `NO_PERMISSION` or `FAILED` where it cannot be read.
   */
  list(options: ListOptions = {}): Association[] {
    const view = this.#place.read();
    const onProblem = this.#store.warn;
    return listed(view.all(), view, { onProblem, ...options });
  }

  /** What the store's `[policy]` wants. */
  policy(): Policy {
    return this.#place.read().policy;
  }

  /**
   * What a name holds; `undefined` for nothing.
   *
   * @throws {PortForError} As `list` does, and `STORE_INVALID` where it is the
   * entry of this very name that cannot be understood.
   */
  get(name: string): Association | undefined {
    const composed = composedName(name);
    checkName(composed);
    const association = this.#place.read().find(composed);
    return association && !isExpired(association) ? association : undefined;
  }

  /**
   * The port of a name, which is associated first where needed.
   *
   * @returns The port, or the first of a block; for names in a list, theirs in
   * the same order.
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
   * The associations of names, which are made first where needed: all together,
   * or none.
   *
   * @returns One for each name, in the same order.
   * @throws {PortForError} `BAD_INPUT` for an invalid name or option,
   * `PORT_TAKEN` where a port belongs to another name or a name has another
   * port or count, `NO_GOOD_PORT`, `STORE_INVALID`, `STORE_BUSY`,
   * `NO_PERMISSION` or `FAILED`. Nothing is changed then.
   */
  async ensure(
    names: readonly string[],
    options: AssociateOptions = {},
  ): Promise<Association[]> {
    const { associate } = await import("./associate.ts");
    return await associate(this.#store, composedNames(names), options);
  }

  /**
   * Takes associations away.
   *
   * @param names A name or several.
   * @returns The names among them that had no association.
   * @throws {PortForError} `BAD_INPUT`, `STORE_INVALID`, `STORE_BUSY`,
   * `NO_PERMISSION` or `FAILED`. Nothing is changed then.
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
   * @throws {PortForError} As `release` does. Nothing is changed then.
   */
  async prune(): Promise<Pruned[]> {
    const { prune } = await import("./prune.ts");
    return await prune(this.#store);
  }

  /**
   * Puts right what is reserved: whatever the store notes as reserved in the
   * Linux kernel and in port-for's sysctl file, but is not there any more.
   *
   * @returns The associations that have reserved ports.
   * @throws {PortForError} `NO_PERMISSION` or `FAILED` where that cannot be done.
   */
  async restoreReservations(): Promise<Association[]> {
    const { restoreReservations } = await import("./reserve.ts");
    return await restoreReservations(this.#store);
  }

  /**
   * Takes over associations from elsewhere: all, or none.
   *
   * @returns Those that were not here already.
   * @throws {PortForError} `PORT_TAKEN` where any of them contradicts the store
   * or another, naming every one that does; else as `release` does. Nothing is
   * changed then.
   */
  async adopt(associations: readonly Association[]): Promise<Association[]> {
    const { adopt } = await import("./adopt.ts");
    return await adopt(this.#store, associations);
  }
}
