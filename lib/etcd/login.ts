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

/** How long to wait for another process that logs in, and for the answer. */
export const LOGIN_MS = 3000;

/**
 * Older tokens are not tried. An expired one costs a request, and one from
 * before a restored backup may not even be refused in time.
 */
const TOKEN_MS = 280_000;

/**
 * Tokens for a user. Checking a password takes the cluster a tenth of a second
 * of CPU time, so twenty clients that log in at once would time out. Therefore
 * only one process of this system user logs in at a time, and the others use
 * its token, from a file that nobody else can read.
 */
export class Login {
  /** The user. */
  readonly user: User;
  readonly #cluster: string;
  readonly #runtime: Runtime;
  #token: string | undefined;

  /** @param cluster Identifies the cluster: its addresses. */
  constructor(user: User, cluster: string, runtime: Runtime) {
    this.user = user;
    this.#cluster = cluster;
    this.#runtime = runtime;
  }

  /**
   * Returns a token.
   *
   * @param old A token that is no longer valid.
   * @param ask Logs in; `undefined` if the cluster has no users.
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
      // The previous holder of the lock may have logged in.
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

  /** The token in the file, if only this user can access it. */
  #read(path: string): string | undefined {
    try {
      const { mode, userId, modified } = this.#runtime.lstat(path);
      if (Date.now() - modified > TOKEN_MS) return undefined;
      if (userId !== this.#runtime.userId() || ((mode ?? 0) & 0o077) !== 0) {
        return undefined;
      }
      const text = new TextDecoder().decode(this.#runtime.readFile(path));
      // Ignore a token cut off by a crash, and anything else that is not one.
      return /^[!-~]{8,4096}\n$/.test(text) ? text.trimEnd() : undefined;
    } catch {
      return undefined;
    }
  }

  #write(path: string, token: string): void {
    try {
      replaceFile(path, `${token}\n`, this.#runtime, 0o600);
    } catch {
      // Then every call logs in itself.
    }
  }

  /** Takes the lock for logging in; `undefined` if it cannot be created. */
  async #locked(path: string): Promise<OpenFile | undefined> {
    try {
      makeCacheFolder(folderOf(path, this.#runtime.os), this.#runtime);
      const file = openOrCreate(`${path}.lock`, this.#runtime);
      // After the time is up, log in without the lock.
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
