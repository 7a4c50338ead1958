import type { Claim } from "../machine/claim.ts";
import { readReservedPorts } from "../machine/reserved.ts";
import { PortSet } from "../ports/port_set.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { readOwnSysctlFile } from "./sysctl_files.ts";

/**
 * Claims on the ports that the kernel keeps out of its ephemeral range:
 * somebody reserved each of them. Those that port-for added belong to the names
 * of a store, which this user may not be able to read.
 *
 * @param source The real path of the store that asks: its own reservations are
 * not claims.
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
    // Unreadable for this user or denied by Deno: then the store stays unknown.
    return new Map();
  }
}
