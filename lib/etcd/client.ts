import type { Runtime } from "../runtime/runtime.ts";
import type { EtcdAddress } from "./address.ts";
import { ALREADY_THERE, Failure, failureOf } from "./failure.ts";
import { Keys } from "./keys.ts";
import { Login, LOGIN_MS } from "./login.ts";
import type { Trust } from "./trust.ts";
import { bytesOf, isObject, type Json, textIn } from "./wire.ts";

/** How long one attempt may take at first: not all clients try again at once. */
const attemptMs = () => 250 + Math.floor(100 * Math.random());

/** A slow cluster gets more time at each round, up to this. */
const LONGEST_ATTEMPT_MS = 2000;

/** In so little time nothing is answered, and the last reason would be lost. */
const TOO_SHORT_MS = 20;

/** A member that failed is left alone for so long. */
const LEFT_ALONE_MS = 1000;

/** How long to wait where all members have just failed. */
const PAUSE_MS = 50;

/** In bytes: a page of names is far below it. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

const RANGE = "/v3/kv/range";

/** How to ask. */
export interface Asking {
  /** When to stop, in the time of `performance.now`. */
  readonly until: number;
  /** Stop as well once every member has failed. */
  readonly once?: boolean;
  /** How long an attempt may take at least. */
  readonly attemptMs?: number;
  /**
   * Whether it changes something: then a member is asked for something else
   * first, which shows whether it is of this cluster.
   */
  readonly isChange?: boolean;
}

/** Asks the members of a cluster, by JSON over HTTP. */
export class Client {
  /** The cluster that has answered; so far none. */
  clusterId: string | undefined;
  readonly #endpoints: readonly string[];
  readonly #trust: Trust;
  readonly #login: Login | undefined;
  readonly #runtime: Runtime;
  /** What may be asked by whoever may ask for names. */
  readonly #anything: Json;
  /** When a member failed last. */
  readonly #failed = new Map<string, number>();
  /** Members that have shown that they are of this cluster. */
  readonly #known = new Set<string>();
  /** Members whose certificate is not trusted. */
  readonly #strangers = new Set<string>();

  constructor(address: EtcdAddress, trust: Trust, runtime: Runtime) {
    this.#endpoints = address.endpoints;
    this.#trust = trust;
    this.#login = trust.user &&
      new Login(trust.user, address.endpoints.join(), runtime);
    this.#runtime = runtime;
    const key = new Keys(address.prefix).policy;
    this.#anything = { ...bytesOf({ key }), serializable: true };
  }

  /**
   * Asks one member after another until one answers. What may have happened is
   * asked for again: it has to be of a kind that does no more the second time.
   *
   * @throws {Failure} `refused`; `unknown` where it may have happened, or else
   * `elsewhere`, when the time is over.
   */
  async ask(path: string, body: Json, how: Asking): Promise<Json> {
    let mayHaveHappened = false;
    let last: Failure | undefined;
    for (let attempt = 0;; attempt++) {
      const round = Math.floor(attempt / this.#endpoints.length);
      if (round > 0 && how.once) break;
      const endpoint = await this.#nextEndpoint(how);
      const left = how.until - performance.now();
      if (endpoint === undefined) break;
      if (left < TOO_SHORT_MS && attempt > 0) break;
      const wanted = Math.max(attemptMs(), how.attemptMs ?? 0) * 2 ** round;
      const longest = Math.max(LONGEST_ATTEMPT_MS, how.attemptMs ?? 0);
      const timeoutMs = Math.min(wanted, longest, Math.max(left, 1));
      try {
        if (how.isChange && !this.#known.has(endpoint)) {
          await this.#askAt(endpoint, RANGE, this.#anything, timeoutMs);
        }
        const answer = await this.#askAt(endpoint, path, body, timeoutMs);
        this.#failed.delete(endpoint);
        return answer;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.kind === "refused") {
          // Of what was asked before it is still not known.
          const kind = mayHaveHappened ? "unknown" : "refused";
          throw new Failure(kind, error.message, error.code);
        }
        this.#refuseStrangers(endpoint, error);
        if (error.kind === "unknown") mayHaveHappened = true;
        this.#failed.set(endpoint, performance.now());
        last = error;
      }
    }
    const why = last?.message ?? "no member answered a moment ago";
    throw new Failure(mayHaveHappened ? "unknown" : "elsewhere", why);
  }

  /** Refuses to go on where none of the members is who it should be. */
  #refuseStrangers(endpoint: string, { kind, message }: Failure): void {
    if (kind !== "elsewhere" || !/certificate|issuer/i.test(message)) return;
    this.#strangers.add(endpoint);
    if (this.#strangers.size < this.#endpoints.length) return;
    throw new Failure(
      "refused",
      `${message} (name the authority that vouches for the members in ` +
        `ETCDCTL_CACERT, or in [etcd] of the machine's file)`,
    );
  }

  /** Asks all members at the same time; the first answer counts. */
  async askAll(path: string, body: Json, until: number): Promise<Json> {
    const timeoutMs = Math.max(until - performance.now(), 1);
    try {
      return await Promise.any(
        this.#endpoints.map((endpoint) =>
          this.#askAt(endpoint, path, body, timeoutMs)
        ),
      );
    } catch (error) {
      throw (error as AggregateError).errors[0];
    }
  }

  /** A member that has not just failed, in the order of the address. */
  async #nextEndpoint({ until, once }: Asking): Promise<string | undefined> {
    const now = performance.now();
    const since = (endpoint: string) =>
      now - (this.#failed.get(endpoint) ?? -Infinity);
    const rested = this.#endpoints.find((one) => since(one) > LEFT_ALONE_MS);
    if (rested || once) return rested;
    // All have failed: the one that did so first, after a moment.
    await sleep(Math.min(PAUSE_MS + 50 * Math.random(), until - now));
    return [...this.#failed.entries()].sort(([, a], [, b]) => a - b)[0]?.[0];
  }

  /** Asks one member, with a token where there are users. */
  async #askAt(
    endpoint: string,
    path: string,
    body: Json,
    timeoutMs: number,
  ): Promise<Json> {
    let token: string | undefined;
    for (let logins = 0;; logins++) {
      token = await this.#login?.token(
        logins === 0 ? undefined : token,
        () => this.#logIn(endpoint),
      );
      try {
        return await this.#send(endpoint, path, body, timeoutMs, token);
      } catch (error) {
        const isOld = error instanceof Failure && error.kind === "token";
        if (!isOld) throw error;
        if (!this.#login) throw new Failure("refused", error.message);
        if (logins > 1) throw new Failure("elsewhere", error.message);
      }
    }
  }

  async #logIn(endpoint: string): Promise<string | undefined> {
    const { name, password } = this.#login!.user;
    const path = "/v3/auth/authenticate";
    try {
      const answer = await this.#send(
        endpoint,
        path,
        { name, password },
        LOGIN_MS,
        undefined,
      );
      return textIn(answer, "token");
    } catch (error) {
      // The cluster has no users: all may do everything.
      if (error instanceof Failure && error.code === ALREADY_THERE) {
        return undefined;
      }
      throw error;
    }
  }

  /** Sends one request, and looks at whether the answer can be believed. */
  async #send(
    endpoint: string,
    path: string,
    body: Json,
    timeoutMs: number,
    token: string | undefined,
  ): Promise<Json> {
    const posted = await this.#runtime.post({
      url: endpoint + path,
      body: JSON.stringify(body),
      timeoutMs: Math.ceil(timeoutMs),
      longestAnswer: LONGEST_ANSWER,
      ...(token === undefined ? {} : { authorization: token }),
      ...(endpoint.startsWith("https:") ? { tls: this.#trust.tls } : {}),
    });
    const host = endpoint.replace(/^\w+:\/\//, "");
    if (posted.kind !== "answered") {
      const kind = posted.kind === "not sent"
        ? "elsewhere"
        : posted.kind === "too long"
        ? "refused"
        : "unknown";
      throw new Failure(kind, `${host}: ${posted.why}`);
    }
    if (posted.status !== 200) {
      const { kind, message, code } = failureOf(posted.status, posted.text);
      throw new Failure(kind, `${host}: ${message}`, code);
    }
    const answer = this.#believed(posted.text, host);
    this.#known.add(endpoint);
    return answer;
  }

  /** An answer of the cluster that answered before, if it did. */
  #believed(text: string, host: string): Json {
    const answer = parsed(text);
    const header = isObject(answer) ? answer.header : undefined;
    const id = isObject(header) ? header.cluster_id : undefined;
    // Whatever is not said counts as none, so "{}" would be "there is nothing".
    if (!isObject(answer) || typeof id !== "string" || !/^\d+$/.test(id)) {
      throw new Failure("unknown", `${host}: what it answers is not etcd's`);
    }
    this.clusterId ??= id;
    if (this.clusterId === id) return answer;
    throw new Failure(
      "refused",
      `${host}: it belongs to the cluster ${id}, and another member to ` +
        `${this.clusterId} (name members of one cluster)`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) =>
    setTimeout(resolve, Math.max(milliseconds, 0))
  );
}
