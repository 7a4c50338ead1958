import type { Association } from "../association.ts";
import type { PortRange } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { EtcdAddress } from "./address.ts";
import { AnswerCopy, type Answers } from "./answer_copy.ts";
import type { Asking, Client } from "./client.ts";
import { decisiveKeys, reads } from "./commit.ts";
import { nameValue } from "./entry.ts";
import { COMPACTED, Failure } from "./failure.ts";
import { type KeyRange, Keys } from "./keys.ts";
import { couldNot } from "./messages.ts";
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

/** How long a lookup tries to get a current answer, in all. */
const LOOKUP_MS = 800;

/** How long it then tries to get an answer that may be a little old. */
const OLD_LOOKUP_MS = 200;

/** How many names to list in one request. */
const PAGE = 1000;

/** How long one page may take. */
const PAGE_MS = 10_000;

/**
 * Reads what is under a prefix: its current state, or else an older one from a
 * member or from this machine's copy.
 */
export class Reader implements Source {
  readonly name: string;
  readonly keys: Keys;
  readonly #client: Client;
  readonly #copy: AnswerCopy;
  readonly #warn: (message: string) => void;

  /** @param warn Receives warnings. */
  constructor(
    address: EtcdAddress,
    client: Client,
    warn: (message: string) => void,
    runtime: Runtime,
  ) {
    this.name = address.text;
    this.keys = new Keys(address.prefix);
    this.#client = client;
    this.#copy = new AnswerCopy(address, runtime);
    this.#warn = warn;
  }

  /**
   * Looks names up within a second; the current state if possible.
   *
   * @throws {PortForError} if there is not even an old answer.
   */
  async lookUp(names: readonly string[]): Promise<EtcdView> {
    const portions = parts(decisiveKeys(names, this.keys)).length;
    const until = performance.now() + LOOKUP_MS * portions;
    try {
      return await this.read(names, { until, once: true });
    } catch (error) {
      if (!isOutOfReach(error)) throw couldNot("read", this.name, error);
      return await this.#readOld(names, error);
    }
  }

  /** Reads the current state of names. @throws {Failure} */
  async read(names: readonly string[], how: Asking): Promise<EtcdView> {
    const keys = decisiveKeys(names, this.keys);
    const answers: TransactionAnswer[] = [];
    for (const part of parts(keys)) {
      answers.push(await this.transaction({ success: reads(part) }, how));
    }
    const { revision } = answers.at(-1)!;
    return await this.#view(names, keyed(parts(keys), answers), revision);
  }

  /**
   * The state of names, from the answer to a transaction that read their keys.
   */
  async viewOf(
    names: readonly string[],
    answer: TransactionAnswer,
  ): Promise<EtcdView> {
    const read = keyed([decisiveKeys(names, this.keys)], [answer]);
    return await this.#view(names, read, answer.revision);
  }

  /** Stores an answer for when the cluster is unreachable. */
  async remember(
    answers: Answers,
    revision: string,
  ): Promise<ReadonlySet<string>> {
    const id = this.#client.clusterId!;
    return await this.#copy.remember(id, revision, answers);
  }

  /** Sends a transaction. @throws {Failure} */
  async transaction(
    transaction: Transaction,
    how: Asking,
  ): Promise<TransactionAnswer> {
    const isChange = transaction.compare !== undefined;
    const body = { ...transaction };
    return transactionAnswer(
      await this.#client.ask("/v3/kv/txn", body, { ...how, isChange }),
    );
  }

  names(old: boolean): AsyncIterable<KeyValue> {
    return this.pages(this.keys.names, old);
  }

  async holders(ports: PortRange[]): Promise<readonly KeyValue[]> {
    if (ports.length === 0) return [];
    const until = performance.now() + PAGE_MS;
    const success = reads([], ports.map((range) => this.keys.portRange(range)));
    try {
      const { ranges } = await this.transaction({ success }, { until });
      if (ranges.length === ports.length) {
        return ranges.flatMap(({ kvs }) => kvs);
      }
      throw new MalformedError("it does not say who has each port");
    } catch (error) {
      throw couldNot("read", this.name, error);
    }
  }

  async allHolders(): Promise<readonly KeyValue[]> {
    return await Array.fromAsync(this.pages(this.keys.ports));
  }

  /** All keys of a range at one revision, page by page. */
  async *pages(
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
        // The history was compacted meanwhile: read the rest at the current
        // revision.
        revision = undefined;
        continue;
      }
      yield* page.kvs;
      const last = page.kvs.at(-1);
      more = page.more && last !== undefined;
      // The next possible key is the last one plus a zero byte.
      if (last) key = btoa(`${atob(last.bytes)}\0`);
    }
  }

  /** An older state: what a single member knows, or this machine's copy. */
  async #readOld(
    names: readonly string[],
    failure: Failure,
  ): Promise<EtcdView> {
    const until = performance.now() + OLD_LOOKUP_MS;
    const keys = decisiveKeys(names, this.keys);
    try {
      const answers = await Promise.all(
        parts(keys).map(async (part) => {
          const body = { success: reads(part, [], true) };
          return await this.#client.askAll("/v3/kv/txn", body, until);
        }),
      );
      const read = keyed(parts(keys), answers.map(transactionAnswer));
      const old = `${this.name} has no leader, or does not answer in time`;
      const view = new EtcdView(this, names, read, old);
      this.#warnOfOld(view, names, "this answer may be a moment old");
      return view;
    } catch (error) {
      if (!isOutOfReach(error)) throw couldNot("read", this.name, error);
    }
    const copy = names.length > 0 ? await this.#copy.recall(names) : undefined;
    if (names.length === 0) throw couldNot("read", this.name, failure);
    const known = copy?.associations ?? new Map();
    const old = `${this.name} does not answer (${failure.message})`;
    const view = new EtcdView(this, names, this.#asRead(known), old);
    this.#warnOfOld(view, names, `this is its answer of ${copy?.since}`);
    return view;
  }

  /**
   * Warns only if all names were found; otherwise the caller reports the
   * problem.
   */
  #warnOfOld(view: EtcdView, names: readonly string[], text: string): void {
    if (!names.every((name) => view.entry(name))) return;
    this.#warn(`${view.old}: ${text}`);
  }

  /** Converts copied associations into keys and values. */
  #asRead(
    known: ReadonlyMap<string, Association>,
  ): Map<string, KeyValue | undefined> {
    return new Map([...known].map(([name, association]) => {
      const key = this.keys.name(name);
      const value = nameValue(association, {}, "", "");
      const lease = association.expires ? "1" : "0";
      const kv = { key, bytes: "", value, created: "0", modified: "0", lease };
      return [key, kv];
    }));
  }

  async #view(
    names: readonly string[],
    read: ReadonlyMap<string, KeyValue | undefined>,
    revision: string,
  ): Promise<EtcdView> {
    const view = new EtcdView(this, names, read);
    const found = names.map((name) =>
      [name, view.entry(name)?.association] as const
    );
    view.newHere = await this.remember(new Map(found), revision);
    return view;
  }
}

/** Splits keys into batches that each fit in one transaction. */
function parts(keys: readonly string[]): string[][] {
  const count = Math.ceil(keys.length / MOST_OPERATIONS);
  return Array.from(
    { length: count },
    (_, at) => keys.slice(at * MOST_OPERATIONS, (at + 1) * MOST_OPERATIONS),
  );
}

/** Maps each key to its value. */
function keyed(
  parts: readonly (readonly string[])[],
  answers: readonly TransactionAnswer[],
): Map<string, KeyValue | undefined> {
  return new Map(
    parts.flatMap((keys, part) =>
      keys.map((key, at) => {
        const range = answers[part]!.ranges[at];
        // A missing key has an empty answer, but there must be one.
        if (range) return [key, range.kvs[0]] as const;
        throw new MalformedError("it does not say what each key has");
      })
    ),
  );
}

/**
 * Whether the cluster is unreachable or not working, as opposed to refusing.
 */
function isOutOfReach(error: unknown): error is Failure {
  return error instanceof Failure && error.kind !== "refused";
}
