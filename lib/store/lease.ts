import type { Association } from "../association.ts";

/** Whether an association is a lease, and a call with this `ttl` renews it. */
export function isRenewedBy(
  ttl: number | undefined,
  { expires }: Association,
): boolean {
  return ttl !== undefined && expires !== undefined;
}

/**
 * The association as a lease that ends `ttl` seconds from now; without one, for
 * good.
 */
export function leasedFor(
  ttl: number | undefined,
  association: Association,
): Association {
  if (ttl === undefined) return association;
  // The store holds whole seconds; no lease is shorter than it was asked for.
  const seconds = Math.ceil(Date.now() / 1000 + ttl);
  return { ...association, expires: new Date(seconds * 1000) };
}
