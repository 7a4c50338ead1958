import { IANA_SERVICES, WELL_KNOWN_SERVICES } from "../../data/services.ts";

/**
 * What the sources say about a port. This module is large, so it is loaded only
 * to explain a port.
 *
 * @module
 */

/** A service that uses a port. */
export interface Service {
  /** Its short name; empty if the source gives none. */
  readonly name: string;
  /** What it is. */
  readonly description: string;
  /** The transports that it uses, such as `tcp`; may be empty. */
  readonly transports: readonly string[];
}

/** The services that IANA assigned the port to, or `Reserved`. */
export function assignedServices(port: number): Service[] {
  return servicesIn(IANA_SERVICES, port);
}

/** The services that are known to use the port, assigned or not. */
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
