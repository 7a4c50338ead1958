import { type Association, portsOf } from "../association.ts";
import { quoted } from "../error.ts";
import type { Checked } from "../place.ts";
import { inRanges, portsIn } from "../ports/port_range.ts";
import { PortSet } from "../ports/port_set.ts";
import type { Client } from "./client.ts";
import { readNameEntry } from "./entry.ts";
import type { Keys } from "./keys.ts";
import {
  isUnchanged,
  type KeyValue,
  put,
  remove,
  type Transaction,
  transactionAnswer,
} from "./wire.ts";

/** How long one repair may take. */
const REPAIR_MS = 10_000;

/**
 * Finds keys without their counterpart: a port's key for a name that does not
 * have the port, or a name without a key for its port.
 *
 * @param all All keys of a store at one revision.
 * @param mend Whether to repair that, unless the keys have changed since.
 */
export async function checkKeys(
  all: readonly KeyValue[],
  keys: Keys,
  client: Client,
  mend: boolean,
): Promise<Checked> {
  const problems: string[] = [];
  const mended: string[] = [];
  for (const { problem, transaction } of new AllKeys(all, keys).orphans()) {
    if (!transaction) {
      problems.push(`${problem} (take one of them away with --unbind)`);
    } else if (!mend) {
      problems.push(`${problem} (--check --fix puts that right)`);
    } else {
      const until = performance.now() + REPAIR_MS;
      const how = { until, isChange: true };
      const answer = await client.ask("/v3/kv/txn", { ...transaction }, how);
      if (transactionAnswer(answer).succeeded) {
        mended.push(`${problem}; that is fixed now`);
      } else {
        problems.push(`${problem}, or was: it has just changed (check again)`);
      }
    }
  }
  return { problems, mended };
}

/** A key without its counterpart. */
interface Orphan {
  readonly problem: string;
  /** The repair, if it is clear what is right. */
  readonly transaction?: Transaction;
}

/** The key of a name, with its association. */
interface Named {
  readonly kv: KeyValue;
  readonly association: Association;
}

/** All keys of a store, by name and by port. */
class AllKeys {
  readonly #keys: Keys;
  readonly #names = new Map<string, Named>();
  readonly #ports = new Map<number, KeyValue>();

  constructor(all: readonly KeyValue[], keys: Keys) {
    this.#keys = keys;
    for (const kv of all) {
      const name = kv.key.startsWith(keys.names.key)
        ? keys.nameIn(kv.key)
        : undefined;
      const port = kv.key.startsWith(keys.ports.key)
        ? keys.portIn(kv.key)
        : undefined;
      if (port !== undefined) this.#ports.set(port, kv);
      if (name === undefined) continue;
      const entry = readNameEntry(name, kv);
      // Invalid entries are reported elsewhere, and never changed.
      if (typeof entry === "string") continue;
      this.#names.set(name, { kv, association: entry.association });
    }
  }

  *orphans(): Generator<Orphan> {
    const associated = new PortSet();
    for (const [name, { kv, association }] of this.#names) {
      associated.add(portsOf(association));
      for (const port of portsIn(portsOf(association))) {
        const noted = this.#ports.get(port);
        if (noted?.value === name && noted.lease === kv.lease) continue;
        yield this.#notNoted(name, port, kv, noted);
      }
    }
    for (const [port, kv] of this.#ports) {
      if (!associated.has(port)) yield this.#forNobody(port, kv);
    }
  }

  #notNoted(
    name: string,
    port: number,
    kv: KeyValue,
    noted: KeyValue | undefined,
  ): Orphan {
    const other = noted?.value;
    const whose = `port ${port} of ${quoted(name)}`;
    if (other !== undefined && other !== name && this.#has(other, port)) {
      return { problem: `${whose} belongs to ${quoted(other)} as well` };
    }
    const key = this.#keys.port(port);
    const problem = noted === undefined
      ? `${whose} is not noted in ${key}`
      : other === name
      ? `${whose} does not end when the name does, by ${key}`
      : `${whose} is noted in ${key} as another's`;
    return {
      problem,
      transaction: {
        compare: [
          isUnchanged(kv.key, kv.modified),
          isUnchanged(key, noted?.modified ?? "0"),
          ...this.#asSeen(other === name ? undefined : other),
        ],
        success: [put(key, name, kv.lease)],
      },
    };
  }

  #forNobody(port: number, kv: KeyValue): Orphan {
    const shown = kv.value === undefined ? "" : ` ${quoted(kv.value)}`;
    return {
      problem: `port ${port} is noted in ${kv.key} for a name that does not ` +
        `have it:${shown}`,
      transaction: {
        compare: [
          isUnchanged(kv.key, kv.modified),
          ...this.#asSeen(kv.value),
        ],
        success: [remove({ key: kv.key })],
      },
    };
  }

  /** Requires that the key of a name is unchanged, or still absent. */
  #asSeen(name: string | undefined) {
    if (name === undefined) return [];
    const modified = this.#names.get(name)?.kv.modified ?? "0";
    return [isUnchanged(this.#keys.name(name), modified)];
  }

  #has(name: string | undefined, port: number): boolean {
    const named = name === undefined ? undefined : this.#names.get(name);
    return named !== undefined && inRanges(port, [portsOf(named.association)]);
  }
}
