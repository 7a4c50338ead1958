import { PortForError, quoted } from "../error.ts";
import { type Choice, Chooser } from "../machine/choose.ts";
import {
  inRanges,
  isPort,
  MAX_PORT,
  parsePortRange,
  type PortRange,
} from "../ports/port_range.ts";
import { type Ports, type PortSet, portSet, setOf } from "../ports/port_set.ts";
import { currentRuntime } from "../runtime/current.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Association, checkName, portsOf } from "./association.ts";
import {
  type Document,
  editDocument,
  EditError,
  NotTomlError,
  type Problem,
  readDocument,
} from "./document.ts";
import { createFolderOf, readStore, updateStore } from "./store_file.ts";

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
  /** This very port, 1-65535, whatever speaks against it. */
  readonly port?: number;
  /** Choose only in this range: `"20000-29999"` or its ends. */
  readonly range?: PortRange | string;
  /** Do not choose one of these. */
  readonly exclude?: Ports;
  /** Choose at random instead of by the name. */
  readonly random?: boolean;
  /** Ask that the UDP port be free too. */
  readonly udp?: boolean;
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
   * @param onProblem Takes what is wrong with them, by default as a warning.
   * @throws {PortForError} `STORE_INVALID` where the store is not TOML at all;
   * `NO_PERMISSION` or `FAILED` where it cannot be read.
   */
  list(onProblem: (problem: string) => void = this.#warn): Association[] {
    const document = this.#read();
    for (const problem of document.problems) {
      onProblem(`${this.#place(problem)}: ${problem.message}`);
    }
    return [...document.associations.values()];
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
   * @returns The port; for names in a list, their ports in the same order.
   * Names are associated all together or not at all.
   * @throws {PortForError} `BAD_INPUT` for an invalid name or option,
   * `PORT_TAKEN` where the port belongs to another name or the name has
   * another port, `NO_GOOD_PORT`, `STORE_INVALID`, `STORE_BUSY`,
   * `NO_PERMISSION` or `FAILED`. Nothing is changed then.
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
    for (const name of all) checkName(name);
    const choice = checkedChoice(all, options);
    // Who only asks needs no lock and no permission to write.
    const document = this.#read();
    const known = all.map((name) => this.#find(document, name, options.port));
    const ports = known.every((association) => association !== undefined)
      ? known.map(({ port }) => port)
      : await this.#associateUnderLock(all, options.port, choice);
    return typeof names === "string" ? ports[0]! : ports;
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
      all.filter((name) => !document.associations.has(name));
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

  async #associateUnderLock(
    names: readonly string[],
    port: number | undefined,
    choice: Choice,
  ): Promise<number[]> {
    const chooser = new Chooser(choice, this.#runtime);
    if (chooser.ephemeral.warning) this.#warn(chooser.ephemeral.warning);
    let ports: number[] = [];
    await this.#update(async (document) => {
      const held = heldPorts(document);
      const added = new Map<string, Association>();
      for (const name of names) {
        if (added.has(name) || this.#find(document, name, port)) continue;
        if (port !== undefined) refuseHeld(document, name, port);
        const chosen = port ?? await chooser.choose(name, held);
        added.set(name, { name, port: chosen, count: 1 });
        held.add(chosen);
      }
      ports = names.map((name) =>
        (added.get(name) ?? document.associations.get(name)!).port
      );
      return added;
    });
    // The lock is free again, and the choice is made: it only has to be known.
    if (port !== undefined) {
      const objections = await chooser.objections(port);
      if (objections.length > 0) {
        this.#warn(`port ${port} is ${objections.join(", ")}`);
      }
    }
    return ports;
  }

  async #update(
    change: (
      document: Document,
    ) => Promise<ReadonlyMap<string, Association | undefined>>,
  ): Promise<void> {
    if (this.#createFolder) createFolderOf(this.path, this.#runtime);
    await updateStore(this.path, this.#wait, this.#runtime, async (text) => {
      const document = this.#parse(text);
      this.#refuseProblems(document);
      const changes = await change(document);
      if (changes.size === 0) return text;
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
    });
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

  /** What a name holds; refuses an entry that cannot be relied on. */
  #find(
    document: Document,
    name: string,
    port?: number,
  ): Association | undefined {
    const problem = document.problems.find((problem) => problem.name === name);
    if (problem) throw this.#invalid(problem);
    const association = document.associations.get(name);
    if (association && port !== undefined && association.port !== port) {
      throw new PortForError(
        "PORT_TAKEN",
        `cannot associate ${quoted(name)} with port ${port}: it has port ` +
          `${association.port} (take that away first with --unbind)`,
      );
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

function checkedChoice(
  names: readonly string[],
  { port, range, exclude, random, udp }: AssociateOptions,
): Choice {
  if (port !== undefined && !isPort(port)) {
    throw new PortForError(
      "BAD_INPUT",
      `cannot associate port ${port}: ` +
        `not a whole number from 1 to ${MAX_PORT}`,
    );
  }
  if (port !== undefined && new Set(names).size > 1) {
    throw new PortForError(
      "BAD_INPUT",
      `cannot associate port ${port} with ${names.length} names: ` +
        `a port belongs to one name`,
    );
  }
  return {
    range: typeof range === "string" ? parsePortRange(range) : range,
    exclude: exclude === undefined ? undefined : portSet(exclude),
    random: random ?? false,
    udp: udp ?? false,
  };
}

function heldPorts(document: Document): PortSet {
  return setOf([...document.associations.values()].map(portsOf));
}

function refuseHeld(document: Document, name: string, port: number): void {
  for (const association of document.associations.values()) {
    if (!inRanges(port, [portsOf(association)])) continue;
    throw new PortForError(
      "PORT_TAKEN",
      `cannot associate ${quoted(name)} with port ${port}: it belongs to ` +
        `${quoted(association.name)} (choose another port, or take it away ` +
        `from there with --unbind)`,
    );
  }
}
