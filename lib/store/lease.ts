import type { Association } from "../association.ts";

/** Whether a call with this `ttl` renews the association: only leases renew. */
export function isRenewedBy(
  ttl: number | undefined,
  { expires }: Association,
): boolean {
  return ttl !== undefined && expires !== undefined;
}

/**
 * The association as a lease that ends `ttl` seconds from now; unchanged
 * without a `ttl`.
 */
export function leasedFor(
  ttl: number | undefined,
  association: Association,
): Association {
  if (ttl === undefined) return association;
  // Stores keep whole seconds. Round up: no lease may be shorter than asked
  // for.
  const seconds = Math.ceil(Date.now() / 1000 + ttl);
  return { ...association, expires: new Date(seconds * 1000) };
}
