import { PortForError, quoted } from "../error.ts";
import type { Change, Changes, Checked, Place, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { EtcdAddress } from "./address.ts";
import { Client } from "./client.ts";
import {
  type Commit,
  commitOf,
  decisiveKeys,
  reads,
  type Wanted,
} from "./commit.ts";
import { Failure, NOT_FOUND } from "./failure.ts";
import { Leases, SHORTEST_LEASE } from "./lease.ts";
import { couldNot, unknownOutcome } from "./messages.ts";
import { Reader } from "./reader.ts";
import type { Trust } from "./trust.ts";
import type { EtcdView } from "./view.ts";
import { MOST_OPERATIONS, type TransactionAnswer } from "./wire.ts";

/** How to use a store in a cluster. */
export interface EtcdPlaceOptions {
  /** How long a change may take, in seconds. */
  readonly wait: number;
  /** Receives warnings. */
  readonly warn: (message: string) => void;
}

/** Enough time for at least one attempt. */
const SHORTEST_CHANGE_MS = 350;

/** A store under a prefix in an etcd cluster. */
export class EtcdPlace implements Place {
  readonly name: string;
  // Enough for a block of 100 ports, or 40 names with one port each.
  readonly capacity = 120;
  readonly shortestLease = SHORTEST_LEASE;
  readonly #client: Client;
  readonly #reader: Reader;
  readonly #options: EtcdPlaceOptions;
  readonly #runtime: Runtime;
  /**
   * The last view and its names. The first step of a change can start from it.
   */
  #latest:
    | { readonly names: readonly string[]; readonly view: EtcdView }
    | undefined;

  /** Creates a store at an address. Connects to nothing yet. */
  constructor(
    address: EtcdAddress,
    trust: Trust,
    options: EtcdPlaceOptions,
    runtime: Runtime,
  ) {
    this.name = address.text;
    this.#client = new Client(address, trust, runtime);
    const { warn } = options;
    this.#reader = new Reader(address, this.#client, warn, runtime);
    this.#options = options;
    this.#runtime = runtime;
  }

  source(): undefined {
    return undefined;
  }

  async read(names: readonly string[]): Promise<EtcdView> {
    const view = await this.#reader.lookUp(names);
    this.#latest = view.old === undefined ? { names, view } : undefined;
    return view;
  }

  async change(
    names: readonly string[],
    step: (view: View) => Promise<Change>,
  ): Promise<void> {
    const ms = Math.max(this.#options.wait * 1000, SHORTEST_CHANGE_MS);
    const until = performance.now() + ms;
    const leases = new Leases(this.#client);
    let isMade = false;
    try {
      let view = await this.#firstView(names, until);
      const first = view;
      do {
        view.refuseProblems();
        const { changes } = await step(view);
        const wishes = wishesOf(changes, view, first);
        if (wishes.length === 0) return;
        const next = await this.#tryChange(wishes, names, view, leases, until);
        if (!next) {
          isMade = true;
          return;
        }
        view = next;
      } while (performance.now() < until);
    } catch (error) {
      throw couldNot("change", this.name, error);
    } finally {
      await leases.tidyUp(isMade);
    }
    throw new PortForError(
      "STORE_BUSY",
      `cannot change ${this.name}: others keep changing the same names (try ` +
        `again)`,
    );
  }

  async check(mend: boolean): Promise<Checked> {
    const { checkKeys } = await import("./check.ts");
    try {
      const { keys } = this.#reader;
      const all = await Array.fromAsync(this.#reader.pages(keys.all));
      return await checkKeys(all, keys, this.#client, mend);
    } catch (error) {
      throw couldNot("check", this.name, error);
    }
  }

  async #firstView(
    names: readonly string[],
    until: number,
  ): Promise<EtcdView> {
    const { names: of, view } = this.#latest ?? {};
    this.#latest = undefined;
    // If anything changed since, the transaction's comparisons fail.
    if (view && of?.join("\0") === names.join("\0")) return view;
    return await this.#reader.read(names, { until });
  }

  /**
   * Tries to make a change.
   *
   * @returns `undefined` if it was made, otherwise a new view.
   */
  async #tryChange(
    wishes: readonly Omit<Wanted, "lease">[],
    names: readonly string[],
    view: EtcdView,
    leases: Leases,
    until: number,
  ): Promise<EtcdView | undefined> {
    const wanted: Wanted[] = [];
    for (const wish of wishes) {
      const { name, association } = wish;
      leases.replaced(view.entry(name)?.lease ?? "0");
      const expires = association?.expires;
      const lease = await leases.lease(name, expires, { until });
      wanted.push({ ...wish, lease });
    }
    const op = crypto.randomUUID();
    const by = hostName(this.#runtime);
    const { keys } = this.#reader;
    const commit = commitOf(wanted, view, keys, { by, op });
    this.#refuseTooMuch(commit);
    const answer = await this.#committed(commit, names, until);
    if (answer === undefined) leases.forget();
    if (answer?.succeeded) {
      const made = wishes.map(({ name, association }) =>
        [name, association] as const
      );
      await this.#reader.remember(new Map(made), answer.revision);
      return undefined;
    }
    const next = answer && answer.ranges.length > 0
      ? await this.#reader.viewOf(names, answer)
      : await this.#reader.read(names, { until });
    // An earlier attempt may have succeeded with its answer lost. Check the gen
    // key too, because the name may have been released since.
    const wasMade = wishes.some(({ name }) =>
      next.entry(name)?.json.op === op || next.value(keys.gen(name)) === op
    );
    if (wasMade) return undefined;
    refuseBrokenPorts(wishes, view, next, this.name);
    return next;
  }

  /**
   * Sends a change. If it cannot be made, the same transaction reads the names.
   *
   * @returns `undefined` if a lease has ended meanwhile; then nothing has
   * changed.
   */
  async #committed(
    commit: Commit,
    names: readonly string[],
    until: number,
  ): Promise<TransactionAnswer | undefined> {
    const keys = decisiveKeys(names, this.#reader.keys);
    // More names than this are read in batches, only when needed.
    const failure = keys.length <= MOST_OPERATIONS ? reads(keys) : [];
    try {
      return await this.#reader.transaction({ ...commit, failure }, { until });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === NOT_FOUND) return undefined;
      if (error.kind === "unknown") throw unknownOutcome(this.name, error);
      throw error;
    }
  }

  #refuseTooMuch({ compare, success }: Commit): void {
    const most = Math.max(compare.length, success.length);
    if (most <= MOST_OPERATIONS) return;
    throw new PortForError(
      "BAD_INPUT",
      `cannot change so much of ${this.name} at once: etcd takes ` +
        `${MOST_OPERATIONS} operations in one transaction, and this needs ` +
        `${most} (ask for fewer names, or for at most 100 ports, in one call)`,
    );
  }
}

/**
 * The changes to make. Skips releases of names that have nothing, or that got a
 * new port since the first view.
 */
function wishesOf(
  changes: Changes,
  view: EtcdView,
  first: EtcdView,
): Omit<Wanted, "lease">[] {
  return [...changes].flatMap(([name, association]) => {
    const created = view.entry(name)?.created;
    const isOurs = created !== undefined &&
      created === first.entry(name)?.created;
    return association || isOurs ? [{ name, association }] : [];
  });
}

/**
 * Throws if the names are unchanged but the transaction's comparison still
 * failed: then the keys of their ports are wrong.
 */
function refuseBrokenPorts(
  wishes: readonly Omit<Wanted, "lease">[],
  before: EtcdView,
  now: EtcdView,
  store: string,
): void {
  const areSame = wishes.every(({ name }) => {
    const modified = before.entry(name)?.modified;
    return modified !== undefined && modified === now.entry(name)?.modified;
  });
  if (!areSame) return;
  const names = wishes.map(({ name }) => quoted(name)).join(", ");
  throw new PortForError(
    "STORE_INVALID",
    `cannot change ${store}: the keys of the ports of ${names} do not say so ` +
      `(port-for --check --fix repairs that; nothing was changed)`,
  );
}

/** This machine's host name, for people to read. */
function hostName(runtime: Runtime): string {
  try {
    const bytes = runtime.readFile("/proc/sys/kernel/hostname");
    return new TextDecoder().decode(bytes).trim();
  } catch {
    return runtime.env("HOSTNAME") ?? runtime.env("COMPUTERNAME") ?? "";
  }
}
