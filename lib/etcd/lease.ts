import type { Asking, Client } from "./client.ts";
import { ALREADY_THERE, Failure } from "./failure.ts";

/** In seconds. etcd silently extends shorter leases. */
export const SHORTEST_LEASE = 5;

/** How long to try to revoke unused leases. They also end by themselves. */
const REVOKING_MS = 1000;

/** The leases of one change: one for each name, granted when needed. */
export class Leases {
  readonly #client: Client;
  readonly #granted = new Map<string, string>();
  readonly #before = new Set<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * A lease for a name that ends at a given time. It is granted only once.
   *
   * @returns Its id; `"0"` if there is no end.
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

  /** Notes the old lease of a name, to revoke after the change is made. */
  replaced(id: string): void {
    if (id !== "0") this.#before.add(id);
  }

  /** Forgets the granted leases, because one of them has ended already. */
  forget(): void {
    for (const id of this.#granted.values()) this.#before.add(id);
    this.#granted.clear();
  }

  /**
   * Revokes the leases that are not needed.
   *
   * @param isMade Whether the change was made, so the new leases are in use.
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
      // Nobody else uses this id, so an earlier attempt has succeeded.
      const isThere = error instanceof Failure && error.code === ALREADY_THERE;
      if (!isThere) throw error;
    }
  }

  /**
   * Revokes a lease only if it has no keys: somebody may have added their own.
   */
  async #revoke(id: string, until: number): Promise<void> {
    const how = { until, isChange: true };
    try {
      const body = { ID: id, keys: true };
      const lease = await this.#client.ask("/v3/lease/timetolive", body, how);
      if (Array.isArray(lease.keys) && lease.keys.length > 0) return;
      await this.#client.ask("/v3/lease/revoke", { ID: id }, how);
    } catch (error) {
      // The lease ends by itself.
      if (!(error instanceof Failure)) throw error;
    }
  }
}

/** A random 63-bit number as text, not 0. */
function randomId(): string {
  const [number = 1n] = crypto.getRandomValues(new BigUint64Array(1));
  return `${(number >> 1n) || 1n}`;
}
