import type { Asking, Client } from "./client.ts";
import { ALREADY_THERE, Failure } from "./failure.ts";

/** In seconds: etcd makes longer ones of shorter ones, and does not say so. */
export const SHORTEST_LEASE = 5;

/** How long to try to take back what is no longer needed; it ends by itself. */
const REVOKING_MS = 1000;

/** The leases of one change: one for each name, made when it is needed. */
export class Leases {
  readonly #client: Client;
  readonly #granted = new Map<string, string>();
  readonly #before = new Set<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * A lease for a name that ends at a moment; it is made once.
   *
   * @returns Its id. `"0"` where there is no such moment.
   */
  async lease(
    name: string,
    expires: Date | undefined,
    how: Asking,
  ): Promise<string> {
    if (!expires) return "0";
    const there = this.#granted.get(name);
    if (there) return there;
    const left = Math.ceil((expires.getTime() - Date.now()) / 1000);
    const id = randomId();
    await this.#grant(id, Math.max(left, SHORTEST_LEASE), how);
    this.#granted.set(name, id);
    return id;
  }

  /** Notes one that a name had: it is not needed once the change is made. */
  replaced(id: string): void {
    if (id !== "0") this.#before.add(id);
  }

  /** Forgets them: one of them has ended already. */
  forget(): void {
    for (const id of this.#granted.values()) this.#before.add(id);
    this.#granted.clear();
  }

  /**
   * Takes back those that are not needed.
   *
   * @param isMade Whether the change was made, so that new ones are in use.
   */
  async tidyUp(isMade: boolean): Promise<void> {
    const inUse = new Set(isMade ? this.#granted.values() : []);
    const ids = [...this.#granted.values(), ...(isMade ? this.#before : [])];
    const until = performance.now() + REVOKING_MS;
    for (const id of ids) if (!inUse.has(id)) await this.#revoke(id, until);
  }

  async #grant(id: string, ttl: number, how: Asking): Promise<void> {
    try {
      const body = { ID: id, TTL: `${ttl}` };
      await this.#client.ask("/v3/lease/grant", body, {
        ...how,
        isChange: true,
      });
    } catch (error) {
      // The id is ours alone: the answer to an earlier attempt was lost.
      const isThere = error instanceof Failure && error.code === ALREADY_THERE;
      if (!isThere) throw error;
    }
  }

  /** Whoever wrote it may have keys of their own on it: only an empty one goes. */
  async #revoke(id: string, until: number): Promise<void> {
    const how = { until, isChange: true };
    try {
      const body = { ID: id, keys: true };
      const lease = await this.#client.ask("/v3/lease/timetolive", body, how);
      if (Array.isArray(lease.keys) && lease.keys.length > 0) return;
      await this.#client.ask("/v3/lease/revoke", { ID: id }, how);
    } catch (error) {
      // It ends by itself.
      if (!(error instanceof Failure)) throw error;
    }
  }
}

/** A random number of 63 bits, not 0, as text. */
function randomId(): string {
  const [number = 1n] = crypto.getRandomValues(new BigUint64Array(1));
  return `${(number >> 1n) || 1n}`;
}
