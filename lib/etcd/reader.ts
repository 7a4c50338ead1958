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

/** In all, how long a lookup asks for what is so now. */
const LOOKUP_MS = 800;

/** How long it asks, after that, for what may be a little old. */
const OLD_LOOKUP_MS = 200;

/** So many names come in one answer to a list. */
const PAGE = 1000;

/** How long one page may take. */
const PAGE_MS = 10_000;

/**
 * Reads what is below a prefix: as it is now, or else as a member or this
 * machine knew it before.
 */
export class Reader implements Source {
  readonly name: string;
  readonly keys: Keys;
  readonly #client: Client;
  readonly #copy: AnswerCopy;
  readonly #warn: (message: string) => void;

  /** @param warn Takes messages that are no errors. */
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
   * What names have, within a second: as it is now where that can be had.
   *
   * @throws {PortForError} where not even an old answer is to be had.
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

  /** What names have now. @throws {Failure} */
  async read(names: readonly string[], how: Asking): Promise<EtcdView> {
    const keys = decisiveKeys(names, this.keys);
    const answers: TransactionAnswer[] = [];
    for (const part of parts(keys)) {
      answers.push(await this.transaction({ success: reads(part) }, how));
    }
    const { revision } = answers.at(-1)!;
    return await this.#view(names, keyed(parts(keys), answers), revision);
  }

  /** What names have, by the answer to reading their keys. */
  async viewOf(
    names: readonly string[],
    answer: TransactionAnswer,
  ): Promise<EtcdView> {
    const read = keyed([decisiveKeys(names, this.keys)], [answer]);
    return await this.#view(names, read, answer.revision);
  }

  /** Keeps an answer for when there is none. */
  async remember(
    answers: Answers,
    revision: string,
  ): Promise<ReadonlySet<string>> {
    const id = this.#client.clusterId!;
    return await this.#copy.remember(id, revision, answers);
  }

  /** Makes a transaction. @throws {Failure} */
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

  /** All keys of a range, as they were at one moment, some at a time. */
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

  /** What a member knows by itself, or what this machine was told before. */
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

  /** Whoever misses a name asks again, or says why that is not known. */
  #warnOfOld(view: EtcdView, names: readonly string[], text: string): void {
    if (!names.every((name) => view.entry(name))) return;
    this.#warn(`${view.old}: ${text}`);
  }

  /** What was copied, in the form in which it is read. */
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
