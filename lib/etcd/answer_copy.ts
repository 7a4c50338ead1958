import { type Association, isExpired } from "../association.ts";
import { readStore } from "../disk/store_file.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { readDocument } from "../toml/document.ts";
import { entryKey, entryLine } from "../toml/entry.ts";
import { readToml } from "../toml/meaning.ts";
import type { EtcdAddress } from "./address.ts";
import {
  cacheFolder,
  fileTag,
  makeCacheFolder,
  replaceFile,
  ROOTS_CACHE,
} from "./cache_folder.ts";
import { isObject } from "./wire.ts";

/** What names had when the cluster last answered; `undefined` for nothing. */
export type Answers = ReadonlyMap<string, Association | undefined>;

/** An old answer. */
export interface OldAnswer {
  /** Those of the names that had something. */
  readonly associations: ReadonlyMap<string, Association>;
  /** When it was so; it may have been so later too. */
  readonly since: string;
}

/**
 * This machine's copy of the last answers of a cluster: a file of the store's
 * form, for lookups while the cluster is out of reach. It never decides what is
 * given. What keeps it from being written or read is no error.
 */
export class AnswerCopy {
  readonly #address: EtcdAddress;
  readonly #runtime: Runtime;

  constructor(address: EtcdAddress, runtime: Runtime) {
    this.#address = address;
    this.#runtime = runtime;
  }

  /**
   * Keeps an answer.
   *
   * @param revision The cluster's when it gave the answer: an older answer does
   * not replace a newer one.
   */
  async remember(
    clusterId: string,
    revision: string,
    answers: Answers,
  ): Promise<Set<string>> {
    const fresh = new Set<string>();
    const folder = cacheFolder(this.#runtime);
    if (answers.size === 0 || folder === undefined) return fresh;
    const path = `${folder}/${await this.#fileName()}`;
    try {
      const text = readStore(path, this.#runtime)?.text;
      if (text !== undefined && saysSo(text, clusterId, answers)) {
        return fresh;
      }
      const old = contentOf(text);
      const isSame = old?.cluster === clusterId;
      if (isSame && BigInt(old.revision) > BigInt(revision)) return fresh;
      const before = isSame ? old.associations : new Map();
      for (const [name, association] of answers) {
        if (association && !before.has(name)) fresh.add(name);
      }
      const all = new Map<string, Association | undefined>([
        ...before,
        ...answers,
      ]);
      makeCacheFolder(folder, this.#runtime);
      replaceFile(path, this.#text(clusterId, revision, all), this.#runtime);
    } catch {
      // The answer itself is there.
    }
    return fresh;
  }

  /** What is known of some names; `undefined` where there is no copy. */
  async recall(names: readonly string[]): Promise<OldAnswer | undefined> {
    const folders = [cacheFolder(this.#runtime), ROOTS_CACHE];
    for (const folder of folders) {
      if (folder === undefined) continue;
      try {
        const path = `${folder}/${await this.#fileName()}`;
        const stored = readStore(path, this.#runtime);
        const content = contentOf(stored?.text);
        if (!stored || !content) continue;
        const since = new Date(stored.facts.modified).toISOString();
        const associations = new Map(names.flatMap((name) => {
          const one = content.associations.get(name);
          return one && !isExpired(one) ? [[name, one] as const] : [];
        }));
        return { associations, since: since.replace(/\.\d+Z$/, "Z") };
      } catch {
        // Not for this user to read.
      }
    }
    return undefined;
  }

  async #fileName(): Promise<string> {
    const { endpoints, prefix } = this.#address;
    return `${await fileTag(`${endpoints} ${prefix}`)}.toml`;
  }

  #text(clusterId: string, revision: string, all: Answers): string {
    const entries = [...all.values()].flatMap((association) =>
      association ? `${entryLine(association)}\n` : []
    );
    return [
      `# port-for: the last answers of ${this.#address.text}\n`,
      `version = 1\n\n`,
      `[copy]\n${clusterLine(clusterId)}\nrevision = "${revision}"\n\n`,
      `[ports]\n`,
      ...entries,
    ].join("");
  }
}

/** Whether a copy says already what it is to say: the most frequent case. */
function saysSo(text: string, clusterId: string, answers: Answers): boolean {
  return text.includes(`\n${clusterLine(clusterId)}\n`) &&
    [...answers].every(([name, association]) =>
      association
        ? text.includes(`\n${entryLine(association)}\n`)
        : !text.includes(`\n${entryKey(name)} = `)
    );
}

function clusterLine(clusterId: string): string {
  return `cluster = "${clusterId}"`;
}

interface Content {
  readonly cluster: string;
  readonly revision: string;
  readonly associations: ReadonlyMap<string, Association>;
}

/** What a copy says; `undefined` for what is none. */
function contentOf(text: string | undefined): Content | undefined {
  if (text === undefined) return undefined;
  try {
    const { copy } = readToml(text).rest;
    if (!isObject(copy)) return undefined;
    const { cluster, revision } = copy;
    if (typeof cluster !== "string") return undefined;
    if (typeof revision !== "string" || !/^\d+$/.test(revision)) {
      return undefined;
    }
    const { associations } = readDocument(text);
    return { cluster, revision, associations };
  } catch {
    return undefined;
  }
}
