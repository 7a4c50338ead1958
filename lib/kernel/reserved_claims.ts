import type { Claim } from "../machine/claim.ts";
import { readReservedPorts } from "../machine/reserved.ts";
import { PortSet } from "../ports/port_set.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { readOwnSysctlFile } from "./sysctl_files.ts";

/**
 * The ports that the kernel is told to keep out of its ephemeral range: each is
 * kept for somebody. Those that port-for itself has added are for the names of
 * a store, which may be one that cannot be read.
 *
 * @param source The store that asks, symlinks followed: what port-for has added
 * for that is no claim of others.
 */
export function reservedClaims(
  runtime: Runtime,
  source: string | undefined,
): Claim[] {
  const left = new PortSet(readReservedPorts(runtime));
  if (left.isEmpty) return [];
  const claims: Claim[] = [];
  for (const [store, ports] of addedByStore(runtime)) {
    const ranges = [...new PortSet(ports).retainAll(left).ranges()];
    if (ranges.length === 0) continue;
    for (const range of ranges) left.delete(range);
    if (store === source) continue;
    claims.push({
      ranges,
      kind: "reserved ports",
      by: store,
      text: `reserved by port-for for a name in ${store}`,
    });
  }
  if (left.isEmpty) return claims;
  return [...claims, {
    ranges: [...left.ranges()],
    kind: "reserved ports",
    by: "",
    text: "kept by the administrator in ip_local_reserved_ports",
  }];
}

function addedByStore(runtime: Runtime): ReadonlyMap<string, PortSet> {
  try {
    return readOwnSysctlFile(runtime).added;
  } catch {
    // Not for this user, or this Deno, to read: nobody is named then.
    return new Map();
  }
}
