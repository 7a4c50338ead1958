import type { Association } from "../association.ts";
import { PortForError } from "../error.ts";
import type { Policy, View } from "../place.ts";
import type { PortRange } from "../ports/port_range.ts";
import type { PortSet } from "../ports/port_set.ts";
import { type NameEntry, readNameEntry, readPolicyEntry } from "./entry.ts";
import type { Keys } from "./keys.ts";
import type { KeyValue } from "./wire.ts";

/** Where a view gets what it has not read yet. */
export interface Source {
  /** What messages call the store. */
  readonly name: string;
  readonly keys: Keys;
  /** The existing keys of these ports. */
  holders(ports: PortRange[]): Promise<readonly KeyValue[]>;
  /** The keys of all ports. */
  allHolders(): Promise<readonly KeyValue[]>;
  /**
   * The keys of all names.
   *
   * @param old Whether they may be a moment old.
   */
  names(old: boolean): AsyncIterable<KeyValue>;
}

/** From this many port ranges up, it is quicker to read all ports. */
const MANY_RANGES = 100;

/** The state of some names in a cluster. */
export class EtcdView implements View {
  readonly source: string;
  readonly policy: Policy;
  readonly problems: string[] = [];
  /** The revision that last wrote each key that was read; `"0"` if absent. */
  readonly modified: ReadonlyMap<string, string>;
  readonly old?: string;
  newHere?: ReadonlySet<string>;
  readonly #from: Source;
  readonly #read: ReadonlyMap<string, KeyValue | undefined>;
  readonly #entries = new Map<string, NameEntry | string>();
  #allHolders: readonly KeyValue[] | undefined;

  /**
   * @param read The keys that were read; `undefined` for absent ones.
   * @param names The names that were read.
   * @param old Why it may be out of date, if it may.
   */
  constructor(
    from: Source,
    names: readonly string[],
    read: ReadonlyMap<string, KeyValue | undefined>,
    old?: string,
  ) {
    this.source = from.name;
    this.#from = from;
    this.#read = read;
    if (old !== undefined) this.old = old;
    this.modified = new Map(
      [...read].map(([key, kv]) => [key, kv?.modified ?? "0"]),
    );
    const wrong: string[] = [];
    this.policy = readPolicyEntry(read.get(from.keys.policy), wrong);
    for (const why of wrong) this.#note(from.keys.policy, why);
    for (const name of names) {
      const key = from.keys.name(name);
      const kv = read.get(key);
      if (!kv) continue;
      const entry = readNameEntry(name, kv);
      this.#entries.set(name, entry);
      if (typeof entry === "string") this.#note(key, entry);
    }
  }

  /** The value of a key that was read. */
  value(key: string): string | undefined {
    return this.#read.get(key)?.value;
  }

  /** The entry of a name, if it exists and is valid. */
  entry(name: string): NameEntry | undefined {
    const entry = this.#entries.get(name);
    return typeof entry === "string" ? undefined : entry;
  }

  find(name: string): Association | undefined {
    const entry = this.#entries.get(name);
    if (typeof entry === "string") {
      throw this.#invalid(this.#placed(this.#from.keys.name(name), entry));
    }
    return entry?.association;
  }

  async holders(ports: PortSet): Promise<readonly Association[]> {
    const ranges = [...ports.ranges()];
    // Keep the answer: a caller that asks for so many ranges will ask for more.
    if (ranges.length > MANY_RANGES) {
      this.#allHolders ??= await this.#from.allHolders();
    }
    const found = this.#allHolders ?? await this.#from.holders(ranges);
    return found.flatMap(({ key, value = key }) => {
      const port = this.#from.keys.portIn(key);
      return port === undefined || !ports.has(port)
        ? []
        : [{ name: value, port, count: 1 }];
    });
  }

  async all(): Promise<readonly Association[]> {
    const all: Association[] = [];
    for await (const kv of this.#from.names(this.old !== undefined)) {
      const name = this.#from.keys.nameIn(kv.key);
      const entry = name === undefined
        ? "it is not a key of port-for's"
        : readNameEntry(name, kv);
      if (typeof entry === "string") this.#note(kv.key, entry);
      else all.push(entry.association);
    }
    return all;
  }

  refuseProblems(): void {
    const [first] = this.problems;
    if (first !== undefined) throw this.#invalid(first);
  }

  #note(key: string, why: string): void {
    const problem = this.#placed(key, why);
    if (!this.problems.includes(problem)) this.problems.push(problem);
  }

  #placed(key: string, why: string): string {
    return `${this.source}, key ${key}: ${why}`;
  }

  #invalid(problem: string): PortForError {
    return new PortForError(
      "STORE_INVALID",
      `cannot use the store ${problem} (fix it with etcdctl; nothing was ` +
        `changed)`,
    );
  }
}
