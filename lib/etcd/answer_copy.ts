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

/** The associations of names according to the cluster; `undefined` for none. */
export type Answers = ReadonlyMap<string, Association | undefined>;

/** An older answer of the cluster. */
export interface OldAnswer {
  /** The associations of the names that had one. */
  readonly associations: ReadonlyMap<string, Association>;
  /** When the copy was written. It may still be true. */
  readonly since: string;
}

/**
 * This machine's copy of a cluster's last answers, for lookups while the
 * cluster is unreachable: a file in the format of a store. It is never used to
 * choose ports. Failing to write or read it is not an error.
 */
export class AnswerCopy {
  readonly #address: EtcdAddress;
  readonly #runtime: Runtime;

  constructor(address: EtcdAddress, runtime: Runtime) {
    this.#address = address;
    this.#runtime = runtime;
  }

  /**
   * Stores an answer.
   *
   * @param revision The cluster's revision at the time: an older answer does
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
      if (text !== undefined && hasAnswers(text, clusterId, answers)) {
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
      // The caller has the answer even if it cannot be stored.
    }
    return fresh;
  }

  /** What is known about some names; `undefined` if there is no copy. */
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
        // Not readable for this user.
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

/** Whether a copy has these answers already, which is the usual case. */
function hasAnswers(
  text: string,
  clusterId: string,
  answers: Answers,
): boolean {
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

/** The content of a copy; `undefined` if it is not a valid one. */
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
