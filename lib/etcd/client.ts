import type { Runtime } from "../runtime/runtime.ts";
import type { EtcdAddress } from "./address.ts";
import { ALREADY_THERE, Failure, failureOf } from "./failure.ts";
import { Keys } from "./keys.ts";
import { Login, LOGIN_MS } from "./login.ts";
import type { Trust } from "./trust.ts";
import { bytesOf, isObject, type Json, textIn } from "./wire.ts";

/**
 * How long the first attempts may take. Random, so that clients do not all
 * retry at once.
 */
const attemptMs = () => 250 + Math.floor(100 * Math.random());

/** Each round gets more time, for slow clusters, up to this. */
const LONGEST_ATTEMPT_MS = 2000;

/**
 * Too short for an answer: a further attempt would only hide the last error.
 */
const TOO_SHORT_MS = 20;

/** How long to avoid a member that failed. */
const AVOIDED_MS = 1000;

/** How long to pause when all members have just failed. */
const PAUSE_MS = 50;

/** In bytes, far more than a page of names. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

const RANGE = "/v3/kv/range";

/** How to send a request. */
export interface Asking {
  /** When to give up, in the time of `performance.now`. */
  readonly until: number;
  /** Whether to give up once every member has failed. */
  readonly once?: boolean;
  /** The least time that an attempt gets. */
  readonly attemptMs?: number;
  /**
   * Whether it changes something: then a new member first gets a harmless
   * request, to see that it belongs to this cluster.
   */
  readonly isChange?: boolean;
}

/** Talks to the members of a cluster, with JSON over HTTP. */
export class Client {
  /**
   * The id of the cluster that answered; `undefined` before the first answer.
   */
  clusterId: string | undefined;
  readonly #endpoints: readonly string[];
  readonly #trust: Trust;
  readonly #login: Login | undefined;
  readonly #runtime: Runtime;
  /** A harmless request that anybody with read access may send. */
  readonly #harmless: Json;
  /** When each member failed last. */
  readonly #failed = new Map<string, number>();
  /** Members that are known to belong to this cluster. */
  readonly #known = new Set<string>();
  /** Members whose certificate is not trusted. */
  readonly #untrusted = new Set<string>();

  constructor(address: EtcdAddress, trust: Trust, runtime: Runtime) {
    this.#endpoints = address.endpoints;
    this.#trust = trust;
    this.#login = trust.user &&
      new Login(trust.user, address.endpoints.join(), runtime);
    this.#runtime = runtime;
    const key = new Keys(address.prefix).policy;
    this.#harmless = { ...bytesOf({ key }), serializable: true };
  }

  /**
   * Asks one member after another until one answers. A request that may have
   * had its effect is sent again, so requests must be idempotent.
   *
   * @throws {Failure} `refused`; or when the time is up, `unknown` if it may
   * have had its effect, else `elsewhere`.
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
          await this.#askAt(endpoint, RANGE, this.#harmless, timeoutMs);
        }
        const answer = await this.#askAt(endpoint, path, body, timeoutMs);
        this.#failed.delete(endpoint);
        return answer;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.kind === "refused") {
          // An earlier attempt may still have had its effect.
          const kind = mayHaveHappened ? "unknown" : "refused";
          throw new Failure(kind, error.message, error.code);
        }
        this.#refuseUntrusted(endpoint, error);
        if (error.kind === "unknown") mayHaveHappened = true;
        this.#failed.set(endpoint, performance.now());
        last = error;
      }
    }
    const why = last?.message ?? "no member answered a moment ago";
    throw new Failure(mayHaveHappened ? "unknown" : "elsewhere", why);
  }

  /** Gives up if no member's certificate is trusted. */
  #refuseUntrusted(endpoint: string, { kind, message }: Failure): void {
    if (kind !== "elsewhere" || !/certificate|issuer/i.test(message)) return;
    this.#untrusted.add(endpoint);
    if (this.#untrusted.size < this.#endpoints.length) return;
    throw new Failure(
      "refused",
      `${message} (name the authority that vouches for the members in ` +
        `ETCDCTL_CACERT, or in [etcd] of the machine's file)`,
    );
  }

  /** Asks all members at the same time; the first answer wins. */
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

  /**
   * The first member, in the order of the address, that has not just failed.
   */
  async #nextEndpoint({ until, once }: Asking): Promise<string | undefined> {
    const now = performance.now();
    const since = (endpoint: string) =>
      now - (this.#failed.get(endpoint) ?? -Infinity);
    const rested = this.#endpoints.find((one) => since(one) > AVOIDED_MS);
    if (rested || once) return rested;
    // If all have failed: after a pause, the one that failed longest ago.
    await sleep(Math.min(PAUSE_MS + 50 * Math.random(), until - now));
    return [...this.#failed.entries()].sort(([, a], [, b]) => a - b)[0]?.[0];
  }

  /** Asks one member, with a token if the cluster has users. */
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
      // Authentication is off: everybody may do everything.
      if (error instanceof Failure && error.code === ALREADY_THERE) {
        return undefined;
      }
      throw error;
    }
  }

  /** Sends one request, and checks that the answer comes from this cluster. */
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
    const answer = this.#checkedAnswer(posted.text, host);
    this.#known.add(endpoint);
    return answer;
  }

  /** Parses an answer, and refuses one from another cluster than before. */
  #checkedAnswer(text: string, host: string): Json {
    const answer = parsed(text);
    const header = isObject(answer) ? answer.header : undefined;
    const id = isObject(header) ? header.cluster_id : undefined;
    // etcd leaves out empty fields, so without this check "{}" from anything
    // else would mean "no such key".
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
