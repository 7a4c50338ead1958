import {
  type Association,
  checkName,
  composedName,
  composedNames,
} from "../association.ts";
import { parseEtcdAddress } from "../etcd/address.ts";
import type { TrustSettings } from "../etcd/trust.ts";
import { checkIsObject, PortForError, quoted } from "../error.ts";
import type { Checked, Policy } from "../place.ts";
import { currentRuntime } from "../runtime/current.ts";
import type { AssociateOptions } from "./associate_options.ts";
import { listed, type ListOptions } from "./list.ts";
import { DEFAULT_WAIT, liveIn, type Store } from "./store.ts";

/** How a `FleetStore` behaves, and what it trusts. */
export interface FleetStoreOptions extends TrustSettings {
  /** How long a change may take, in seconds; not negative. Defaults to 10. */
  readonly wait?: number;
  /** Receives warnings. By default they are dropped. */
  readonly onWarning?: (message: string) => void;
}

/**
 * A store that a fleet shares: names and ports under a prefix in an etcd
 * cluster. It has the methods of `PortStore`, all of them asynchronous, except
 * for what concerns a single machine (`prune`, `restoreReservations`, and the
 * options `reserve` and `directory`).
 *
 * @example Needs a running cluster.
 * ```ts ignore
 * import { FleetStore } from "@x/port-for";
 *
 * const fleet = new FleetStore("etcds://etcd1:2379,etcd2:2379/port-for", {
 *   cacert: "/etc/port-for/ca.pem",
 * });
 * const port = await fleet.associate("web");
 * ```
 */
export class FleetStore {
  /** The address as given. */
  readonly address: string;
  readonly #options: FleetStoreOptions;
  #opened: Promise<Store> | undefined;

  /**
   * Creates a store at an address. Connects to nothing and reads no file yet.
   *
   * @param address `etcds://HOST:PORT,HOST:PORT/PREFIX`; `etcd://` without TLS
   * on this machine, `etcd+insecure://` without TLS anywhere.
   * @throws {PortForError} `BAD_INPUT` if the address or the time to wait is
   * not valid.
   */
  constructor(address: string, options: FleetStoreOptions = {}) {
    checkIsObject(options);
    const { wait = DEFAULT_WAIT } = options;
    parseEtcdAddress(address);
    if (!(wait >= 0)) {
      throw new PortForError(
        "BAD_INPUT",
        `cannot wait ${wait} s for a store: not a number of seconds, such as 30`,
      );
    }
    this.address = address;
    this.#options = options;
  }

  /**
   * Every association, sorted by name. Invalid entries are left out.
   *
   * @throws {PortForError} `NO_PERMISSION` or `FAILED` if it cannot be read.
   */
  async list(options: ListOptions = {}): Promise<Association[]> {
    const { place, warn } = await this.#store();
    const view = await place.read([]);
    return listed(await view.all(), view, { onProblem: warn, ...options });
  }

  /** The fleet's policy. */
  async policy(): Promise<Policy> {
    return (await (await this.#store()).place.read([])).policy;
  }

  /**
   * The association of a name; `undefined` if it has none. While the cluster is
   * unreachable, this is the last answer this machine got, with a warning.
   *
   * @throws {PortForError} `STORE_INVALID` if the entry is not valid;
   * `NO_PERMISSION`, or `FAILED` if there is no answer.
   */
  async get(name: string): Promise<Association | undefined> {
    const composed = composedName(name);
    checkName(composed);
    const view = await (await this.#store()).place.read([composed]);
    const association = liveIn(view, composed);
    if (association || view.old === undefined) return association;
    throw new PortForError(
      "FAILED",
      `cannot get the port of ${quoted(name)}: ${view.old} (try again)`,
    );
  }

  /** The port of a name, which gets one first if it has none. */
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
   * @throws {PortForError} As `PortStore.ensure` does; then nothing has
   * changed, unless the message says that this is unknown.
   */
  async ensure(
    names: readonly string[],
    options: AssociateOptions = {},
  ): Promise<Association[]> {
    checkIsObject(options);
    const { reserve, directory } = options;
    if (reserve || directory !== undefined) {
      throw new PortForError(
        "BAD_INPUT",
        `cannot associate names in ${this.address} with ` +
          `${reserve ? "reserve" : "a directory"}: that is one machine's`,
      );
    }
    const { associate } = await import("./associate.ts");
    const composed = composedNames(names);
    return await associate(await this.#store(), composed, options);
  }

  /**
   * Makes names give up their ports.
   *
   * @returns The names among them that had no association.
   * @throws {PortForError} As `PortStore.release` does.
   */
  async release(names: string | readonly string[]): Promise<string[]> {
    const all = typeof names === "string" ? [names] : names;
    const { release } = await import("./release.ts");
    const without = await release(await this.#store(), composedNames(all));
    return without.map(({ name }) => name);
  }

  /**
   * Imports associations from elsewhere, about forty at a time. Conflicts are
   * looked for, and all of them reported, before anything is written.
   *
   * @returns The ones that were new here.
   * @throws {PortForError} As `PortStore.adopt` does.
   */
  async adopt(associations: readonly Association[]): Promise<Association[]> {
    const { adopt } = await import("./adopt.ts");
    return await adopt(await this.#store(), associations);
  }

  /**
   * Looks for keys of the store whose counterpart is missing.
   *
   * @param mend Whether to repair what can be repaired. Defaults to false.
   */
  async check(mend = false): Promise<Checked> {
    const { place } = await this.#store();
    return await place.check!(mend);
  }

  #store(): Promise<Store> {
    return this.#opened ??= this.#open();
  }

  async #open(): Promise<Store> {
    const { wait = DEFAULT_WAIT, onWarning } = this.#options;
    const warn = onWarning ?? (() => {});
    const { openEtcd } = await import("../etcd/open.ts");
    const how = { wait, warn, trust: this.#options };
    const place = openEtcd(this.address, how, currentRuntime);
    return { wait, mayBlock: false, warn, place, runtime: currentRuntime };
  }
}
