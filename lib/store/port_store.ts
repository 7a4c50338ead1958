import { PortForError, quoted } from "../error.ts";
import { currentRuntime } from "../runtime/current.ts";
import type { Runtime } from "../runtime/runtime.ts";
import {
  type AssociateOptions,
  checkOptions,
  checkPorts,
} from "./associate_options.ts";
import { type Association, checkName, isExpired } from "../association.ts";
import type { Policy } from "../toml/document.ts";
import { isRenewedBy } from "./lease.ts";
import type { Pruned, StoreToChange } from "./changes.ts";
import { StoreView } from "../disk/store_view.ts";

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

/** What to list. */
export interface ListOptions {
  /** Leases that have ended, too. By default they are left out. */
  readonly expired?: boolean;
  /** Takes what is wrong with entries, by default as warnings. */
  readonly onProblem?: (problem: string) => void;
}

/** How long to wait for other writers, in seconds. */
export const DEFAULT_WAIT = 10;

/** A store on a given runtime, which is no business of the library's users. */
export let portStoreOn: (
  runtime: Runtime,
  path: string,
  options?: PortStoreOptions,
) => PortStore;

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
  readonly #toChange: Omit<StoreToChange, "runtime">;
  #runtime: Runtime = currentRuntime;

  static {
    portStoreOn = (runtime, path, options) => {
      const store = new PortStore(path, options);
      store.#runtime = runtime;
      return store;
    };
  }

  /**
   * A store in a file, which need not exist yet. Nothing is read or written.
   *
   * @param path The path of the store's file.
   * @param options How to behave.
   * @throws {PortForError} `BAD_INPUT` for a path or a time to wait that is none.
   */
  constructor(path: string, options: PortStoreOptions = {}) {
    const { wait = DEFAULT_WAIT } = options;
    if (path === "") {
      throw new PortForError(
        "BAD_INPUT",
        'cannot use "" as a store: it is no path (name a file)',
      );
    }
    if (!(wait >= 0)) {
      throw new PortForError(
        "BAD_INPUT",
        `cannot wait ${wait} s for a store: not a number of seconds, such as 30`,
      );
    }
    this.path = path;
    this.#toChange = {
      path,
      wait,
      createFolder: options.createFolder ?? false,
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
    const { expired = false, onProblem = this.#toChange.warn } = options;
    const view = this.#read();
    for (const problem of view.document.problems) {
      onProblem(view.describe(problem));
    }
    return view.all.filter((association) => expired || !isExpired(association));
  }

  /** What the store's `[policy]` wants. */
  policy(): Policy {
    return this.#read().document.policy;
  }

  /**
   * What a name holds; `undefined` for nothing.
   *
   * @throws {PortForError} As `list` does, and `STORE_INVALID` where it is the
   * entry of this very name that cannot be understood.
   */
  get(name: string): Association | undefined {
    checkName(name);
    return this.#read().find(name);
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
    for (const name of names) checkName(name);
    checkOptions(names, options);
    const known = options.reserve ? undefined : this.#known(names, options);
    const associations = known ??
      await (await writer()).associateNames(this.#writable(), names, options);
    if (options.ttl !== undefined) this.#warnOfGoodOnes(associations);
    return associations;
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
    for (const name of all) checkName(name);
    const view = this.#read();
    view.refuseProblems();
    // Where there is nothing to take away, nothing needs to be locked.
    if (!all.some((name) => view.holds(name))) return [...all];
    return await (await writer()).releaseNames(this.#writable(), all);
  }

  /**
   * Drops what is no longer needed: leases that have ended, and names whose
   * directory is gone.
   *
   * @returns What was dropped.
   * @throws {PortForError} As `release` does. Nothing is changed then.
   */
  async prune(): Promise<Pruned[]> {
    return await (await writer()).pruneStore(this.#writable());
  }

  /**
   * Puts right what is reserved: whatever the store notes as reserved in the
   * Linux kernel and in port-for's sysctl file, but is not there any more.
   *
   * @returns The associations that have reserved ports.
   * @throws {PortForError} `NO_PERMISSION` or `FAILED` where that cannot be done.
   */
  async restoreReservations(): Promise<Association[]> {
    await (await writer()).restoreReservations(this.#writable());
    return this.list().filter(({ reserved }) => reserved !== undefined);
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
    for (const { name, port, count } of associations) {
      checkName(name);
      checkPorts(port, count);
    }
    return await (await writer()).adoptAssociations(
      this.#writable(),
      associations,
    );
  }

  /**
   * What names hold, where all of them hold something and nothing is to be
   * renewed: who only asks needs no lock and no permission to write.
   */
  #known(
    names: readonly string[],
    options: AssociateOptions,
  ): Association[] | undefined {
    const view = this.#read();
    const known: Association[] = [];
    for (const name of names) {
      const association = view.find(name, options);
      if (!association || isRenewedBy(options.ttl, association)) return;
      known.push(association);
    }
    return known;
  }

  #warnOfGoodOnes(associations: readonly Association[]): void {
    for (const { name, expires } of associations) {
      if (expires) continue;
      this.#toChange.warn(
        `${quoted(name)} is associated for good, so --ttl does not end it`,
      );
    }
  }

  #read(): StoreView {
    return StoreView.read(this.path, this.#runtime);
  }

  #writable(): StoreToChange {
    return { ...this.#toChange, runtime: this.#runtime };
  }
}

/** A plain lookup, which most calls are, does not load what changing takes. */
function writer(): Promise<typeof import("./changes.ts")> {
  return import("./changes.ts");
}
