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
  /** How long a change may take, in seconds; not negative. By default 10. */
  readonly wait?: number;
  /** Takes messages that are no errors. By default they are dropped. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The store of a fleet: names and ports below a prefix of an etcd cluster, the
 * same for every machine that names it. Its methods are those of `PortStore`,
 * and all of them are asynchronous; what belongs to one machine only (`prune`,
 * `restoreReservations`, `reserve` and `directory`) it does not have.
 *
 * @example It needs a cluster, so this is for reading.
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
  /** The address, as it was given. */
  readonly address: string;
  readonly #options: FleetStoreOptions;
  #opened: Promise<Store> | undefined;

  /**
   * A store at an address. Nothing is asked, and no file is read yet.
   *
   * @param address `etcds://HOST:PORT,HOST:PORT/PREFIX`; `etcd://` without TLS
   * on this machine, `etcd+insecure://` without TLS anywhere.
   * @throws {PortForError} `BAD_INPUT` for what is no such address, or no time.
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
   * Every association, in the order of their names. Entries that cannot be
   * understood are left out.
   *
   * @throws {PortForError} `NO_PERMISSION` or `FAILED` where it cannot be read.
   */
  async list(options: ListOptions = {}): Promise<Association[]> {
    const { place, warn } = await this.#store();
    const view = await place.read([]);
    return listed(await view.all(), view, { onProblem: warn, ...options });
  }

  /** What the fleet's policy wants. */
  async policy(): Promise<Policy> {
    return (await (await this.#store()).place.read([])).policy;
  }

  /**
   * What a name holds; `undefined` for nothing. While the cluster is out of
   * reach this is its last answer to this machine, and a warning says so.
   *
   * @throws {PortForError} `STORE_INVALID` where the entry cannot be understood;
   * `NO_PERMISSION`, or `FAILED` where there is no answer.
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

  /** The port of a name, which is associated first where needed. */
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
   * @throws {PortForError} As `PortStore.ensure` does. Nothing is changed then,
   * unless the message says that this cannot be told.
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
   * Takes associations away.
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
   * Takes over associations from elsewhere, about forty at a time: all that
   * contradict the store are named before the first.
   *
   * @returns Those that were not here already.
   * @throws {PortForError} As `PortStore.adopt` does.
   */
  async adopt(associations: readonly Association[]): Promise<Association[]> {
    const { adopt } = await import("./adopt.ts");
    return await adopt(await this.#store(), associations);
  }

  /**
   * Looks for keys of the store without their partner.
   *
   * @param mend Whether to put right what can be. By default not.
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
