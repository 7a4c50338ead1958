import { isPort, type PortRange } from "../ports/port_range.ts";
import { assignedPorts } from "../ports/registry.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Claim, type Claims, claimsIn, mentions } from "./claim.ts";

/** Names of services and their ports (services(5)). */
const SERVICES_FILE = "/etc/services";

/** A line begins with `name port/protocol`. */
const LINE = /^[ \t]*([^\s#]+)[ \t]+(\d{1,5})\/[a-z]/gim;

/**
 * Ports that an administrator added to `/etc/services`: those that IANA does
 * not assign. None if it cannot be read.
 */
export class ServicesFile implements Claims {
  readonly #text: string;
  #claims: readonly Claim[] | undefined;

  /** @param runtime The machine. */
  constructor(runtime: Runtime) {
    this.#text = textOf(runtime);
  }

  on(range: PortRange): readonly Claim[] {
    return mentions(this.#text, range) ? claimsIn(range, this.all()) : [];
  }

  all(): readonly Claim[] {
    return this.#claims ??= claimsOf(this.#text);
  }
}

function claimsOf(text: string): Claim[] {
  const claims = new Map<number, Claim>();
  for (const [, name = "", digits] of text.matchAll(LINE)) {
    const port = Number(digits);
    if (!isPort(port) || assignedPorts().has(port) || claims.has(port)) {
      continue;
    }
    claims.set(port, {
      ranges: [{ first: port, last: port }],
      kind: "services file",
      by: name,
      text: `claimed by ${name} in ${SERVICES_FILE}`,
    });
  }
  return [...claims.values()];
}

function textOf(runtime: Runtime): string {
  if (runtime.os === "windows") return "";
  try {
    if (runtime.stat(SERVICES_FILE).kind !== "file") return "";
    return new TextDecoder().decode(runtime.readFile(SERVICES_FILE));
  } catch {
    // Missing or unreadable: it claims nothing.
    return "";
  }
}
