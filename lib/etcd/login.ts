import { folderOf } from "../runtime/path.ts";
import type { OpenFile, Runtime } from "../runtime/runtime.ts";
import { errorCode } from "../runtime/runtime.ts";
import {
  cacheFolder,
  fileTag,
  makeCacheFolder,
  replaceFile,
} from "./cache_folder.ts";
import type { User } from "./trust.ts";

/** How long to wait for others who log in, and for the answer, each. */
export const LOGIN_MS = 3000;

/**
 * An older token is not tried: one that has ended costs a request, and one of
 * a cluster that was restored from a backup is not even refused in time.
 */
const TOKEN_MS = 280_000;

/**
 * Tokens for a user. Checking a password costs the cluster a tenth of a second
 * of work, so that twenty clients that log in at once get nowhere: one of this
 * system user's processes at a time does, and the others use its token, which
 * is in a file that nobody else can read.
 */
export class Login {
  /** Who logs in. */
  readonly user: User;
  readonly #cluster: string;
  readonly #runtime: Runtime;
  #token: string | undefined;

  /** @param cluster What tells clusters apart: their addresses. */
  constructor(user: User, cluster: string, runtime: Runtime) {
    this.user = user;
    this.#cluster = cluster;
    this.#runtime = runtime;
  }

  /**
   * The token.
   *
   * @param old One that is no longer good.
   * @param ask Logs in; `undefined` where the cluster has no users.
   */
  async token(
    old: string | undefined,
    ask: () => Promise<string | undefined>,
  ): Promise<string | undefined> {
    if (this.#token !== undefined && this.#token !== old) return this.#token;
    const path = await this.#path();
    const there = path && this.#read(path);
    if (there && there !== old) return this.#token = there;
    const lock = path ? await this.#locked(path) : undefined;
    try {
      // Whoever had the lock may have logged in.
      const there = path && this.#read(path);
      if (there && there !== old) return this.#token = there;
      this.#token = await ask();
      if (lock && path && this.#token) this.#write(path, this.#token);
      return this.#token;
    } finally {
      lock?.close();
    }
  }

  async #path(): Promise<string | undefined> {
    const folder = cacheFolder(this.#runtime);
    const tag = await fileTag(`${this.#cluster} ${this.user.name}`);
    return folder && `${folder}/${tag}.token`;
  }

  /** The token in the file, if it is ours alone. */
  #read(path: string): string | undefined {
    try {
      const { mode, userId, modified } = this.#runtime.lstat(path);
      if (Date.now() - modified > TOKEN_MS) return undefined;
      if (userId !== this.#runtime.userId() || ((mode ?? 0) & 0o077) !== 0) {
        return undefined;
      }
      const text = new TextDecoder().decode(this.#runtime.readFile(path));
      // What was cut off by a crash, or is none at all, is not sent.
      return /^[!-~]{8,4096}\n$/.test(text) ? text.trimEnd() : undefined;
    } catch {
      return undefined;
    }
  }

  #write(path: string, token: string): void {
    try {
      replaceFile(path, `${token}\n`, this.#runtime, 0o600);
    } catch {
      // Then every call logs in.
    }
  }

  /** The lock under which one logs in; without a place for it, none. */
  async #locked(path: string): Promise<OpenFile | undefined> {
    try {
      makeCacheFolder(folderOf(path, this.#runtime.os), this.#runtime);
      const file = openOrCreate(`${path}.lock`, this.#runtime);
      // Who waited in vain logs in all the same.
      await file.lock(LOGIN_MS, false);
      return file;
    } catch {
      return undefined;
    }
  }
}

function openOrCreate(path: string, runtime: Runtime): OpenFile {
  try {
    return runtime.open(path, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    return runtime.open(path, {});
  }
}
