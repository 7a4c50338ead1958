import type { Association } from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { Change, Changes, Checked, Place, View } from "../place.ts";
import type { PortRange } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { EtcdAddress } from "./address.ts";
import { AnswerCopy } from "./answer_copy.ts";
import { Client } from "./client.ts";
import {
  type Commit,
  commitOf,
  decisiveKeys,
  reads,
  type Wanted,
} from "./commit.ts";
import { nameValue } from "./entry.ts";
import { COMPACTED, Failure, NOT_FOUND } from "./failure.ts";
import { couldNot, unknownOutcome } from "./messages.ts";
import { type KeyRange, Keys } from "./keys.ts";
import { Leases, SHORTEST_LEASE } from "./lease.ts";
import type { Trust } from "./trust.ts";
import { EtcdView, type Source } from "./view.ts";
import {
  bytesOf,
  type KeyValue,
  MalformedError,
  MOST_OPERATIONS,
  rangeAnswer,
  revisionOf,
  type Transaction,
  type TransactionAnswer,
  transactionAnswer,
} from "./wire.ts";

/** How a store in a cluster is used. */
export interface EtcdPlaceOptions {
  /** How long a change may take, in seconds. */
  readonly wait: number;
  /** Takes messages that are no errors. */
  readonly warn: (message: string) => void;
}

/** In all, how long a lookup asks for what is so now. */
const LOOKUP_MS = 800;

/** How long it asks, after that, for what may be a little old. */
const OLD_LOOKUP_MS = 200;

/** A change has at least the time for one attempt. */
const SHORTEST_CHANGE_MS = 350;

/** So many names come in one answer to a list. */
const PAGE = 1000;

/** How long one page may take. */
const PAGE_MS = 10_000;

/** From so many ranges of ports on it is quicker to read all ports. */
const MANY_RANGES = 100;

/** A store below a prefix in an etcd cluster. */
export class EtcdPlace implements Place {
  readonly name: string;
  // A block of 100 ports, or 40 names with a port each.
  readonly capacity = 120;
  readonly shortestLease = SHORTEST_LEASE;
  readonly #keys: Keys;
  readonly #client: Client;
  readonly #copy: AnswerCopy;
  readonly #options: EtcdPlaceOptions;
  readonly #runtime: Runtime;
  readonly #source: Source;
  /** The last view, and the names that it is of: the first step can begin there. */
  #latest:
    | { readonly names: readonly string[]; readonly view: EtcdView }
    | undefined;

  /** A store at an address. Nothing is asked yet. */
  constructor(
    address: EtcdAddress,
    trust: Trust,
    options: EtcdPlaceOptions,
    runtime: Runtime,
  ) {
    this.name = address.text;
    this.#keys = new Keys(address.prefix);
    this.#client = new Client(address, trust, runtime);
    this.#copy = new AnswerCopy(address, runtime);
    this.#options = options;
    this.#runtime = runtime;
    this.#source = {
      name: this.name,
      keys: this.#keys,
      holders: (ports) => this.#holders(ports),
      names: (old) => this.#pages(this.#keys.names, old),
    };
  }

  source(): undefined {
    return undefined;
  }

  async read(names: readonly string[]): Promise<EtcdView> {
    const portions = parts(decisiveKeys(names, this.#keys)).length;
    const until = performance.now() + LOOKUP_MS * portions;
    try {
      const view = await this.#viewNow(names, until, true);
      this.#latest = { names, view };
      return view;
    } catch (error) {
      if (!isOutOfReach(error)) throw couldNot("read", this.name, error);
      return await this.#readOld(names, error);
    }
  }

  /** What a member knows by itself, or what this machine was told before. */
  async #readOld(
    names: readonly string[],
    failure: Failure,
  ): Promise<EtcdView> {
    const until = performance.now() + OLD_LOOKUP_MS;
    const keys = decisiveKeys(names, this.#keys);
    try {
      const answers = await Promise.all(
        parts(keys).map(async (part) => {
          const body = { success: reads(part, [], true) };
          return await this.#client.askAll("/v3/kv/txn", body, until);
        }),
      );
      const read = keyed(parts(keys), answers.map(transactionAnswer));
      const old = `${this.name} has no leader, or does not answer in time`;
      const view = new EtcdView(this.#source, names, read, old);
      this.#warnOfOld(view, names, "this answer may be a moment old");
      return view;
    } catch (error) {
      if (!isOutOfReach(error)) throw couldNot("read", this.name, error);
    }
    const copy = names.length > 0 ? await this.#copy.recall(names) : undefined;
    if (names.length === 0) throw couldNot("read", this.name, failure);
    const known = copy?.associations ?? new Map();
    const old = `${this.name} does not answer (${failure.message})`;
    const view = new EtcdView(this.#source, names, this.#asRead(known), old);
    this.#warnOfOld(view, names, `this is its answer of ${copy?.since}`);
    return view;
  }

  /** Whoever misses a name asks again, or says why that is not known. */
  #warnOfOld(view: EtcdView, names: readonly string[], text: string): void {
    if (!names.every((name) => view.entry(name))) return;
    this.#options.warn(`${view.old}: ${text}`);
  }

  /** What was copied, in the form in which it is read. */
  #asRead(
    known: ReadonlyMap<string, Association>,
  ): Map<string, KeyValue | undefined> {
    return new Map([...known].map(([name, association]) => {
      const key = this.#keys.name(name);
      const value = nameValue(association, {}, "", "");
      const lease = association.expires ? "1" : "0";
      const kv = { key, bytes: "", value, created: "0", modified: "0", lease };
      return [key, kv];
    }));
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
        const next = await this.#made(wishes, names, view, leases, until);
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
      const all = await Array.fromAsync(this.#pages(this.#keys.all));
      return await checkKeys(all, this.#keys, this.#client, mend);
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
    // What has changed since, the comparisons find out.
    if (view && of?.join("\0") === names.join("\0")) return view;
    return await this.#viewNow(names, until);
  }

  /** What names have now. */
  async #viewNow(
    names: readonly string[],
    until: number,
    once = false,
  ): Promise<EtcdView> {
    const keys = decisiveKeys(names, this.#keys);
    const answers: TransactionAnswer[] = [];
    for (const part of parts(keys)) {
      answers.push(
        await this.#transaction({ success: reads(part) }, until, once),
      );
    }
    const read = keyed(parts(keys), answers);
    const view = new EtcdView(this.#source, names, read);
    await this.#remember(names, view, answers.at(-1)!.revision);
    return view;
  }

  /**
   * Makes a change.
   *
   * @returns `undefined` where it is made, or else what is so instead.
   */
  async #made(
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
    const commit = commitOf(wanted, view, this.#keys, { by, op });
    const keys = decisiveKeys(names, this.#keys);
    const failure = reads(keys);
    this.#refuseTooMuch(commit, failure.length);
    let answer: TransactionAnswer;
    try {
      answer = await this.#transaction({ ...commit, failure }, until);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const isLeaseGone = error.code === NOT_FOUND;
      if (!isLeaseGone && error.kind === "unknown") {
        throw unknownOutcome(this.name, error);
      }
      if (!isLeaseGone) throw error;
      leases.forget();
      return await this.#viewNow(names, until);
    }
    if (answer.succeeded) {
      await this.#rememberChange(wishes, answer.revision);
      return undefined;
    }
    const next = new EtcdView(this.#source, names, keyed([keys], [answer]));
    // The answer to an earlier attempt was lost; the name may be gone since.
    const wasMade = wishes.some(({ name }) =>
      next.entry(name)?.json.op === op ||
      next.value(this.#keys.gen(name)) === op
    );
    if (wasMade) {
      await this.#remember(names, next, answer.revision);
      return undefined;
    }
    refuseBrokenPorts(wishes, view, next, this.name);
    return next;
  }

  #refuseTooMuch({ compare, success }: Commit, failure: number): void {
    const most = Math.max(compare.length, success.length, failure);
    if (most <= MOST_OPERATIONS) return;
    throw new PortForError(
      "BAD_INPUT",
      `cannot change so much of ${this.name} at once: etcd takes ` +
        `${MOST_OPERATIONS} operations in one transaction, and this needs ` +
        `${most} (ask for fewer names, or for at most 100 ports, in one call)`,
    );
  }

  async #transaction(
    transaction: Transaction,
    until: number,
    once = false,
  ): Promise<TransactionAnswer> {
    const how = { until, once, isChange: transaction.compare !== undefined };
    const body = { ...transaction };
    return transactionAnswer(await this.#client.ask("/v3/kv/txn", body, how));
  }

  /** The keys of these ports; of all, where that is less to ask for. */
  async #holders(ports: PortRange[]): Promise<readonly KeyValue[]> {
    if (ports.length === 0) return [];
    const until = performance.now() + PAGE_MS;
    try {
      if (ports.length <= MANY_RANGES) {
        const ranges = ports.map((range) => this.#keys.portRange(range));
        const success = reads([], ranges);
        const { ranges: answers } = await this.#transaction({ success }, until);
        if (answers.length !== ranges.length) {
          throw new MalformedError("it does not say who has each port");
        }
        return answers.flatMap(({ kvs }) => kvs);
      }
      return await Array.fromAsync(this.#pages(this.#keys.ports));
    } catch (error) {
      throw couldNot("read", this.name, error);
    }
  }

  /** All keys of a range, as they were at one moment, some at a time. */
  async *#pages(
    range: Required<KeyRange>,
    serializable = false,
  ): AsyncGenerator<KeyValue> {
    let { key, rangeEnd } = bytesOf(range);
    let revision: string | undefined;
    for (let more = true; more;) {
      const until = performance.now() + PAGE_MS;
      const body = {
        ...{ key, rangeEnd, limit: `${PAGE}`, serializable },
        ...(revision === undefined ? {} : { revision }),
      };
      const how = { until, attemptMs: 1000 };
      let page: ReturnType<typeof rangeAnswer>;
      try {
        const answer = await this.#client.ask("/v3/kv/range", body, how);
        revision ??= revisionOf(answer);
        page = rangeAnswer(answer);
      } catch (error) {
        const compacted = error instanceof Failure && error.code === COMPACTED;
        if (!compacted) throw couldNot("list", this.name, error);
        // History was cut meanwhile: the rest comes as it is now.
        revision = undefined;
        continue;
      }
      yield* page.kvs;
      const last = page.kvs.at(-1);
      more = page.more && last !== undefined;
      // The next key is the last one with a zero byte behind it.
      if (last) key = btoa(`${atob(last.bytes)}\0`);
    }
  }

  async #remember(
    names: readonly string[],
    view: EtcdView,
    revision: string,
  ): Promise<void> {
    const found = names.map((name) =>
      [name, view.entry(name)?.association] as const
    );
    view.newHere = await this.#copy.remember(
      this.#client.clusterId!,
      revision,
      new Map(found),
    );
  }

  async #rememberChange(
    wishes: readonly Omit<Wanted, "lease">[],
    revision: string,
  ): Promise<void> {
    const made = wishes.map(({ name, association }) =>
      [name, association] as const
    );
    await this.#copy.remember(this.#client.clusterId!, revision, new Map(made));
  }
}

/**
 * What a step wants that is to be done: to take away what is not there, or what
 * was given to the name since, is not ours.
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
 * Refuses to go on where names that have ports are as they were, and yet the
 * comparison failed: then it is the ports' own keys that are not as they should.
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

/** Keys in portions that one transaction takes. */
function parts(keys: readonly string[]): string[][] {
  const count = Math.ceil(keys.length / MOST_OPERATIONS);
  return Array.from(
    { length: count },
    (_, at) => keys.slice(at * MOST_OPERATIONS, (at + 1) * MOST_OPERATIONS),
  );
}

/** What each key says. */
function keyed(
  parts: readonly (readonly string[])[],
  answers: readonly TransactionAnswer[],
): Map<string, KeyValue | undefined> {
  return new Map(
    parts.flatMap((keys, part) =>
      keys.map((key, at) => {
        const range = answers[part]!.ranges[at];
        // "Nothing" has to be said, too.
        if (range) return [key, range.kvs[0]] as const;
        throw new MalformedError("it does not say what each key has");
      })
    ),
  );
}

/** Whether it is the way to the cluster, or its state, that is in the way. */
function isOutOfReach(error: unknown): error is Failure {
  return error instanceof Failure && error.kind !== "refused";
}

/** What this machine calls itself; people read it. */
function hostName(runtime: Runtime): string {
  try {
    const bytes = runtime.readFile("/proc/sys/kernel/hostname");
    return new TextDecoder().decode(bytes).trim();
  } catch {
    return runtime.env("HOSTNAME") ?? runtime.env("COMPUTERNAME") ?? "";
  }
}
