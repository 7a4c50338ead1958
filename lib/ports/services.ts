import { IANA_SERVICES, WELL_KNOWN_SERVICES } from "../../data/services.ts";

/**
 * What a source says about a port. This module is large, and only what explains
 * a port loads it.
 *
 * @module
 */

/** One service that claims a port. */
export interface Service {
  /** Its short name; empty where the source gives none. */
  readonly name: string;
  /** What it is. */
  readonly description: string;
  /** The transports that it claims, such as `tcp`; may be empty. */
  readonly transports: readonly string[];
}

/** The services that IANA assigned a port to, or `Reserved`. */
export function assignedServices(port: number): Service[] {
  return servicesIn(IANA_SERVICES, port);
}

/** The services that are known to use a port, assigned or not. */
export function wellKnownServices(port: number): Service[] {
  return servicesIn(WELL_KNOWN_SERVICES, port);
}

function servicesIn(list: string, port: number): Service[] {
  return list.trim().split("\n").flatMap((line) => {
    const [ports = "", transports = "", name = "", description = ""] = line
      .split("\t");
    const [first = "", last = first] = ports.split("-");
    if (port < Number(first) || port > Number(last)) return [];
    return [{
      name,
      description,
      transports: transports.split(",").filter((word) => word !== ""),
    }];
  });
}
