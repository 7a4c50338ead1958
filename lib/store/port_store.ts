import { PortForError, quoted } from "../error.ts";
import { Chooser } from "../machine/choose.ts";
import {
  formatPortRange,
  isPort,
  MAX_PORT,
  overlap,
  parsePortRange,
  type PortRange,
} from "../ports/port_range.ts";
import { type Ports, type PortSet, portSet, setOf } from "../ports/port_set.ts";
import { currentRuntime } from "../runtime/current.ts";
import type { Runtime } from "../runtime/runtime.ts";
import {
  type Association,
  checkName,
  isExpired,
  portsOf,
} from "./association.ts";
import {
  type Document,
  editDocument,
  EditError,
  NotTomlError,
  type Policy,
  type Problem,
  readDocument,
} from "./document.ts";
import type { Reservations } from "./reservations.ts";
import {
  createFolderOf,
  isThere,
  readStore,
  type StoreChange,
  updateStore,
} from "./store_file.ts";

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

/** How to associate a name. */
export interface AssociateOptions {
  /** This very port, 1-65535, whatever speaks against it; the first of a block. */
  readonly port?: number;
  /** Choose only in this range: `"20000-29999"` or its ends. */
  readonly range?: PortRange | string;
  /** Do not choose one of these. */
  readonly exclude?: Ports;
  /** Choose at random instead of by the name. */
  readonly random?: boolean;
  /** Ask that the UDP port be free too. */
  readonly udp?: boolean;
  /** How many consecutive ports the name is to hold, 1-65535. By default 1. */
  readonly count?: number;
  /**
   * Make it a lease that ends after this many seconds, more than 0; each call
   * with it renews the lease. By default an association is for good.
   */
  readonly ttl?: number;
  /**
   * Tell the Linux kernel to keep the ports out of its ephemeral range, now and
   * after a reboot; ports in that range are then taken where no other is left.
   */
  readonly reserve?: boolean;
  /** The directory that the name belongs to: `prune` drops it with that. */
  readonly directory?: string;
}

/** What to list. */
export interface ListOptions {
  /** Leases that have ended, too. By default they are left out. */
  readonly expired?: boolean;
  /** Takes what is wrong with entries, by default as warnings. */
  readonly onProblem?: (problem: string) => void;
}

/** An association that was dropped, and why. */
export interface Pruned {
  /** What it was. */
  readonly association: Association;
  /** Why it is no longer needed. */
  readonly reason: string;
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
  readonly #wait: number;
  readonly #createFolder: boolean;
  readonly #warn: (message: string) => void;
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
   */
  constructor(path: string, options: PortStoreOptions = {}) {
    this.path = path;
    this.#wait = options.wait ?? DEFAULT_WAIT;
    this.#createFolder = options.createFolder ?? false;
    this.#warn = options.onWarning ?? (() => {});
  }

  /**
   * Every association, in the store's order. Entries that cannot be understood
   * are left out.
   *
   * @throws {PortForError} `STORE_INVALID` where the store is not TOML at all;
   * `NO_PERMISSION` or `FAILED` where it cannot be read.
   */
  list(options: ListOptions = {}): Association[] {
    const { expired = false, onProblem = this.#warn } = options;
    const document = this.#read();
    for (const problem of document.problems) {
      onProblem(`${this.#place(problem)}: ${problem.message}`);
    }
    return [...document.associations.values()]
      .filter((association) => expired || !isExpired(association));
  }

  /** What the store's `[policy]` wants. */
  policy(): Policy {
    return this.#read().policy;
  }

  /**
   * What a name holds; `undefined` for nothing.
   *
   * @throws {PortForError} As `list` does, and `STORE_INVALID` where it is the
   * entry of this very name that cannot be understood.
   */
  get(name: string): Association | undefined {
    checkName(name);
    return this.#find(this.#read(), name);
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
    // Who only asks needs no lock and no permission to write.
    const document = this.#read();
    const found = names.map((name) => this.#find(document, name, options));
    const isKnown = (association: Association | undefined) =>
      association !== undefined && !renews(association, options);
    if (options.reserve || !found.every(isKnown)) {
      return await this.#ensureUnderLock(names, options);
    }
    if (options.ttl !== undefined) this.#warnOfGoodOnes(found);
    return found as Association[];
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
    const missing = (document: Document) =>
      all.filter((name) => this.#live(document, name) === undefined);
    const document = this.#read();
    this.#refuseProblems(document);
    let without = missing(document);
    if (without.length === all.length) return without;
    await this.#update((document) => {
      without = missing(document);
      return Promise.resolve(new Map(all.map((name) => [name, undefined])));
    });
    return without;
  }

  /**
   * Drops what is no longer needed: leases that have ended, and names whose
   * directory is gone.
   *
   * @returns What was dropped.
   * @throws {PortForError} As `release` does. Nothing is changed then.
   */
  async prune(): Promise<Pruned[]> {
    const pruned = (document: Document) =>
      [...document.associations.values()].flatMap((association) => {
        const reason = this.#reasonToDrop(association);
        return reason === undefined ? [] : [{ association, reason }];
      });
    const document = this.#read();
    this.#refuseProblems(document);
    let dropped = pruned(document);
    if (dropped.length === 0) return [];
    await this.#update((document) => {
      dropped = pruned(document);
      const names = dropped.map(({ association }) => association.name);
      return Promise.resolve(new Map(names.map((name) => [name, undefined])));
    });
    return dropped;
  }

  /**
   * Puts right what is reserved: whatever the store notes as reserved in the
   * Linux kernel and in port-for's sysctl file, but is not there any more.
   *
   * @returns The associations that have reserved ports.
   * @throws {PortForError} `NO_PERMISSION` or `FAILED` where that cannot be done.
   */
  async restoreReservations(): Promise<Association[]> {
    await this.#update(() => Promise.resolve(new Map()), true);
    return this.list().filter(({ reserved }) => reserved !== undefined);
  }

  /**
   * Takes over associations from elsewhere: all, or none.
   *
   * @returns Those that were not here already.
   * @throws {PortForError} `PORT_TAKEN` where any of them contradicts the store,
   * naming every one that does; else as `release` does. Nothing is changed then.
   */
  async adopt(associations: readonly Association[]): Promise<Association[]> {
    let added: Association[] = [];
    const adopt = (document: Document) => {
      this.#refuseProblems(document);
      const conflicts = associations.flatMap((association) =>
        conflictWith(document, association) ?? []
      );
      if (conflicts.length > 0) {
        throw new PortForError(
          "PORT_TAKEN",
          `cannot import: ${conflicts.join("; ")} (change either side; ` +
            `nothing was imported)`,
        );
      }
      added = associations.filter(({ name }) =>
        this.#live(document, name) === undefined
      );
      return new Map(added.map((association) => [
        association.name,
        association,
      ]));
    };
    if (adopt(this.#read()).size === 0) return [];
    await this.#update((document) => Promise.resolve(adopt(document)));
    return added;
  }

  #reasonToDrop(association: Association): string | undefined {
    const { expires, directory } = association;
    if (isExpired(association)) {
      return `its lease ended at ${expires!.toISOString()}`;
    }
    const gone = directory !== undefined &&
      !isThere(directory, this.#runtime);
    return gone ? `${directory} is gone` : undefined;
  }

  async #ensureUnderLock(
    names: readonly string[],
    options: AssociateOptions,
  ): Promise<Association[]> {
    let result: Association[] = [];
    let chooser: Chooser | undefined;
    const added = new Map<string, Association>();
    await this.#update(async (document, reservations) => {
      chooser = this.#chooserFor(document, options);
      added.clear();
      const changes = new Map<string, Association>();
      const held = heldPorts(document);
      for (const name of names) {
        if (changes.has(name)) continue;
        const there = this.#find(document, name, options);
        const association = there ??
          await this.#newAssociation(document, name, options, chooser, held);
        const wanted = reserved(
          there && !renews(there, options)
            ? there
            : leased(association, options.ttl),
          reservations,
        );
        if (wanted !== there) changes.set(name, wanted);
        if (!there) added.set(name, association);
        held.add(portsOf(association));
      }
      result = names.map((name) =>
        changes.get(name) ?? document.associations.get(name)!
      );
      return changes;
    }, options.reserve);
    if (options.ttl !== undefined) this.#warnOfGoodOnes(result);
    // The lock is free again, and the choice is made: it only has to be known.
    if (options.port !== undefined && chooser) {
      await this.#warnOfObjections(chooser, added);
    }
    return result;
  }

  async #newAssociation(
    document: Document,
    name: string,
    { port, count = 1, directory }: AssociateOptions,
    chooser: Chooser,
    held: PortSet,
  ): Promise<Association> {
    if (port !== undefined) refuseHeld(document, name, port, count);
    return {
      name,
      port: port ?? await chooser.choose(name, held),
      count,
      ...(directory === undefined ? {} : { directory }),
    };
  }

  /** What a call leaves open is as the policy of the store wants it. */
  #chooserFor(document: Document, options: AssociateOptions): Chooser {
    const { range, exclude, random, udp, count } = options;
    const { policy } = document;
    const ofPolicy = range === undefined && exclude === undefined &&
      (policy.range ?? policy.exclude) !== undefined;
    const chooser = new Chooser({
      range: typeof range === "string"
        ? parsePortRange(range)
        : range ?? policy.range,
      exclude: exclude === undefined ? policy.exclude : portSet(exclude),
      random: random ?? false,
      udp: udp ?? false,
      count: count ?? 1,
      reserve: options.reserve ?? false,
      ...(ofPolicy ? { wantedBy: `the [policy] of ${this.path}` } : {}),
    }, this.#runtime);
    if (chooser.ephemeral.warning) this.#warn(chooser.ephemeral.warning);
    return chooser;
  }

  async #warnOfObjections(
    chooser: Chooser,
    added: ReadonlyMap<string, Association>,
  ): Promise<void> {
    for (const association of added.values()) {
      const { first, last } = portsOf(association);
      for (let port = first; port <= last; port++) {
        const objections = await chooser.objections(port);
        if (objections.length === 0) continue;
        this.#warn(`port ${port} is ${objections.join(", ")}`);
      }
    }
  }

  #warnOfGoodOnes(associations: readonly (Association | undefined)[]): void {
    for (const association of associations) {
      if (!association || association.expires) continue;
      this.#warn(
        `${quoted(association.name)} is associated for good, so --ttl does ` +
          `not end it`,
      );
    }
  }

  /**
   * Changes the store, and what is reserved in the kernel with it.
   *
   * @param change Says what is to become of which names.
   * @param reserve Whether ports are to be reserved; then whatever is noted as
   * reserved in the store, but is not, is put right as well.
   */
  async #update(
    change: (
      document: Document,
      reservations: Reservations | undefined,
    ) => Promise<ReadonlyMap<string, Association | undefined>>,
    reserve = false,
  ): Promise<void> {
    if (this.#createFolder) createFolderOf(this.path, this.#runtime);
    let reservations: Reservations | undefined;
    const reservationsNeeded = async () => {
      // Few calls reserve: the others do not load what that takes.
      const { Reservations } = await import("./reservations.ts");
      return reservations ??= await Reservations.open(
        this.#wait,
        this.#runtime,
      );
    };
    try {
      await updateStore(this.path, this.#wait, this.#runtime, async (text) => {
        const document = this.#parse(text);
        this.#refuseProblems(document);
        if (reserve) await reservationsNeeded();
        const changes = new Map(await change(document, reservations));
        const ending = reservedIn(endingOnes(document, changes));
        const lasting = reservedIn(lastingOnes(document, changes));
        const withReservations = reserve || ending.file.size > 0
          ? reservationSteps(
            await reservationsNeeded(),
            ending,
            lasting,
            reserve,
          )
          : {};
        if (changes.size === 0) return { text, ...withReservations };
        dropExpired(document, changes);
        return { text: this.#edited(document, changes), ...withReservations };
      });
    } finally {
      reservations?.close();
    }
  }

  #edited(
    document: Document,
    changes: ReadonlyMap<string, Association | undefined>,
  ): string {
    try {
      return editDocument(document, changes);
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      throw new PortForError(
        "STORE_INVALID",
        `cannot change ${this.path} without touching what is not ` +
          `port-for's: ${error.message} (write [ports] as a table with one ` +
          `line for each name)`,
      );
    }
  }

  #read(): Document {
    return this.#parse(readStore(this.path, this.#runtime)?.text);
  }

  #parse(text: string | undefined): Document {
    try {
      return readDocument(text);
    } catch (error) {
      if (error instanceof NotTomlError) throw this.#invalid(error.problem);
      throw error;
    }
  }

  /** What a name holds, if that is not a lease that has ended. */
  #live(document: Document, name: string): Association | undefined {
    const association = document.associations.get(name);
    return association && !isExpired(association) ? association : undefined;
  }

  /**
   * What a name holds. Refuses an entry that cannot be relied on, and one that
   * is not what is asked for.
   */
  #find(
    document: Document,
    name: string,
    { port, count }: AssociateOptions = {},
  ): Association | undefined {
    const problem = document.problems.find((problem) => problem.name === name);
    if (problem) throw this.#invalid(problem);
    const association = this.#live(document, name);
    if (!association) return undefined;
    const has = association.count === 1
      ? `port ${association.port}`
      : `the ports ${formatPortRange(portsOf(association))}`;
    const refusal = (wanted: string) =>
      new PortForError(
        "PORT_TAKEN",
        `cannot associate ${quoted(name)} with ${wanted}: it has ${has} ` +
          `(take that away first with --unbind)`,
      );
    if (port !== undefined && association.port !== port) {
      throw refusal(`port ${port}`);
    }
    if (count !== undefined && association.count !== count) {
      throw refusal(`${count} port${count === 1 ? "" : "s"}`);
    }
    return association;
  }

  #refuseProblems({ problems: [first] }: Document): void {
    if (first) throw this.#invalid(first);
  }

  #invalid(problem: Problem): PortForError {
    return new PortForError(
      "STORE_INVALID",
      `cannot use the store ${this.#place(problem)}: ${problem.message} ` +
        `(mend it by hand; nothing was changed)`,
    );
  }

  #place({ line, column }: Problem): string {
    return `${this.path}, line ${line}, column ${column}`;
  }
}

function checkOptions(
  names: readonly string[],
  { port, range, exclude, count, ttl }: AssociateOptions,
): void {
  const wrong = (what: string, why: string) =>
    new PortForError("BAD_INPUT", `cannot associate ${what}: ${why}`);
  if (port !== undefined && !isPort(port)) {
    throw wrong(
      `port ${port}`,
      `not a whole number from 1 to ${MAX_PORT}`,
    );
  }
  if (port !== undefined && new Set(names).size > 1) {
    throw wrong(
      `port ${port} with ${names.length} names`,
      "a port belongs to one name",
    );
  }
  const most = MAX_PORT - (port ?? 1) + 1;
  if (count !== undefined && (!isPort(count) || count > most)) {
    throw wrong(`${count} ports`, `not a whole number from 1 to ${most}`);
  }
  if (ttl !== undefined && !(ttl > 0 && ttl <= LONGEST_TTL)) {
    throw wrong(
      `a lease of ${ttl} s`,
      `not more than 0 s and at most a century`,
    );
  }
  if (typeof range === "string") parsePortRange(range);
  if (exclude !== undefined) portSet(exclude);
}

/** A century in seconds: a longer lease is a mistake. */
const LONGEST_TTL = 100 * 366 * 24 * 60 * 60;

/** Whether an association is a lease that this call is to renew. */
function renews({ expires }: Association, { ttl }: AssociateOptions): boolean {
  return ttl !== undefined && expires !== undefined;
}

/** The association with its lease ending `ttl` seconds from now. */
function leased(
  association: Association,
  ttl: number | undefined,
): Association {
  if (ttl === undefined) return association;
  // The store holds whole seconds; no lease is shorter than it was asked for.
  const seconds = Math.ceil(Date.now() / 1000 + ttl);
  return { ...association, expires: new Date(seconds * 1000) };
}

/** The association with a note of what has to be reserved for it. */
function reserved(
  association: Association,
  reservations: Reservations | undefined,
): Association {
  if (!reservations || association.reserved) return association;
  const toAdd = reservations.toAdd(setOf([portsOf(association)]));
  return toAdd ? { ...association, reserved: toAdd } : association;
}

/** The ports that associations have reserved, by what port-for was told of. */
function reservedIn(
  associations: readonly Association[],
): { kernel: PortSet; file: PortSet } {
  const ports = (...kinds: Association["reserved"][]) =>
    setOf(
      associations.filter(({ reserved }) => kinds.includes(reserved))
        .map(portsOf),
    );
  return { kernel: ports("kernel"), file: ports("kernel", "file") };
}

/** The associations that a change takes away. */
function endingOnes(
  document: Document,
  changes: ReadonlyMap<string, Association | undefined>,
): Association[] {
  return [...changes].flatMap(([name, association]) =>
    association ? [] : document.associations.get(name) ?? []
  );
}

/** The associations as they are after a change. */
function lastingOnes(
  document: Document,
  changes: ReadonlyMap<string, Association | undefined>,
): Association[] {
  const after = new Map([...document.associations, ...changes]);
  return [...after.values()].filter((association) => association !== undefined);
}

type ReservedPorts = ReturnType<typeof reservedIn>;

/**
 * What is added is told to the kernel after the store is written, what is taken
 * away before: a reservation that the store does not know would stay for ever.
 */
function reservationSteps(
  reservations: Reservations,
  ending: ReservedPorts,
  lasting: ReservedPorts,
  putRight: boolean,
): Pick<StoreChange, "prepare" | "complete" | "undo"> {
  return {
    prepare: () => reservations.remove(ending.kernel, ending.file),
    complete: () => {
      if (putRight) reservations.add(lasting.file);
    },
    undo: () => reservations.undo(),
  };
}

function heldPorts(document: Document): PortSet {
  const live = [...document.associations.values()]
    .filter((association) =>
      !isExpired(association) || association.reserved !== undefined
    );
  return setOf(live.map(portsOf));
}

/** Leases that have ended leave the store with whatever is written next. */
function dropExpired(
  document: Document,
  changes: Map<string, Association | undefined>,
): void {
  for (const association of document.associations.values()) {
    // To end a reservation takes the right to, and a call that is about it.
    if (association.reserved || changes.has(association.name)) continue;
    if (isExpired(association)) {
      changes.set(association.name, undefined);
    }
  }
}

/** What in the store speaks against an association, if anything does. */
function conflictWith(
  document: Document,
  { name, port }: Association,
): string | undefined {
  for (const there of document.associations.values()) {
    if (isExpired(there)) continue;
    if (there.name === name && there.port !== port) {
      return `${quoted(name)} has port ${there.port} here and ${port} there`;
    }
    if (
      there.name !== name &&
      overlap(portsOf(there), { first: port, last: port })
    ) {
      return `port ${port} of ${quoted(name)} belongs to ` +
        `${quoted(there.name)} here`;
    }
  }
  return undefined;
}

function refuseHeld(
  document: Document,
  name: string,
  port: number,
  count: number,
): void {
  const wanted = { first: port, last: port + count - 1 };
  for (const association of document.associations.values()) {
    const held = portsOf(association);
    if (isExpired(association) || !overlap(wanted, held)) continue;
    const taken = Math.max(wanted.first, held.first);
    throw new PortForError(
      "PORT_TAKEN",
      `cannot associate ${quoted(name)} with port ${taken}: it belongs to ` +
        `${quoted(association.name)} (choose another port, or take it away ` +
        `from there with --unbind)`,
    );
  }
}
