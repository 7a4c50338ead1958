import { availableOutside, goodPortsOf } from "../ports/policy.ts";
import { BORDER, isLongEnough } from "../ports/range_shape.ts";
import {
  checkPort,
  DYNAMIC_RANGE,
  inRanges,
  type PortRange,
  SYSTEM_PORTS,
} from "../ports/port_range.ts";
import type { PortSet } from "../ports/port_set.ts";
import { assignedPorts, wellKnownPorts } from "../ports/registry.ts";
import type { Service } from "../ports/services.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type EphemeralRanges, readEphemeralRanges } from "./ephemeral.ts";
import type { Holder } from "./holder.ts";
import { type Holders, holdersOf, readHolders } from "./listeners.ts";
import { type Claim, type Claims, NO_CLAIMS } from "./claim.ts";
import { Prober } from "./probe.ts";
import { lowestUnprivileged } from "./unprivileged.ts";

/** Everything that is known about a port on this machine. */
export interface PortExplanation {
  /** The port, 1-65535. */
  readonly port: number;
  /** Whether it is a good port. */
  readonly good: boolean;
  /** Whether a TCP probe found it free just now. */
  readonly free: boolean;
  /**
   * Set if this process may not bind it and so cannot tell whether it is free.
   */
  readonly forbidden?: true;
  /** Its range in RFC 6335. */
  readonly space: "system" | "registered" | "dynamic";
  /** What IANA assigned it to; empty for an unassigned port. */
  readonly assigned: readonly Service[];
  /** What uses it according to the Wikipedia list, assigned or not. */
  readonly wellKnown: readonly Service[];
  /** The ephemeral range that it is in, and where that was read. */
  readonly ephemeral?: { readonly range: PortRange; readonly source: string };
  /** Whether the Linux kernel is told not to hand it out. */
  readonly kernelReserved: boolean;
  /** What claims it on this machine, if anything. */
  readonly claims?: readonly PortClaim[];
  /**
   * The lowest port that an unprivileged service may bind on this machine, if
   * that is not the usual 1024 and this port is below it.
   */
  readonly unprivilegedFrom?: number;
  /** The unavailable port that it is too close to, if there is one. */
  readonly near?: ClaimedPort;
  /** The run of available ports that it is in, if that is too short. */
  readonly shortRange?: PortRange;
  /** Who holds it, as far as this user can see. */
  readonly holders: readonly Holder[];
}

/** A claim on a port of this machine. */
export type PortClaim = Omit<Claim, "ranges">;

/** A port that is not available, and why. */
export interface ClaimedPort {
  /** The port. */
  readonly port: number;
  /** Why it is not available. */
  readonly by: "IANA" | "wide use" | "the system";
  /** The service that uses it, if known. */
  readonly service?: Service;
}

/** What the caller knows already, and other limits. */
export interface ExplainOptions {
  /** Who holds this port, and perhaps others, if already read. */
  readonly holders?: Holders;
  /** The highest port that can be available, 1-65535. Defaults to 49151. */
  readonly high?: number;
  /** The claims on this machine. Defaults to none. */
  readonly claims?: Claims;
}

/**
 * Explains a port: whether it is good, whether it is free, and why.
 *
 * @param port The port, 1-65535.
 * @param runtime The machine.
 * @param options What the caller knows already, and other limits.
 * @throws {PortForError} `BAD_INPUT` if it is not a port.
 */
export async function explain(
  port: number,
  runtime: Runtime,
  { holders, high, claims = NO_CLAIMS }: ExplainOptions = {},
): Promise<PortExplanation> {
  checkPort(port, "explain port");
  // The service names are a large module that choosing never needs.
  const services = await import("../ports/services.ts");
  const ephemeral = readEphemeralRanges(runtime);
  const lowest = lowestUnprivileged(runtime);
  const promised = claims.on({ first: port, last: port });
  const isPrivileged = port > SYSTEM_PORTS.last && port < lowest;
  const available = availableOutside(
    ephemeral.ranges,
    high === undefined ? {} : { high },
  );
  const verdict = await new Prober(runtime).verdict(port);
  return {
    port,
    good: goodPortsOf(available).has(port) && promised.length === 0 &&
      !isPrivileged,
    free: verdict === "free",
    ...(verdict === "forbidden" ? { forbidden: true } : {}),
    space: spaceOf(port),
    assigned: services.assignedServices(port),
    wellKnown: services.wellKnownServices(port),
    kernelReserved: ephemeral.reserved.has(port),
    ...(promised.length > 0
      ? { claims: promised.map(({ kind, by, text }) => ({ kind, by, text })) }
      : {}),
    ...(isPrivileged ? { unprivilegedFrom: lowest } : {}),
    ...ephemeralFact(port, ephemeral),
    ...(available.has(port) ? neighbourhood(port, available, services) : {}),
    holders: holdersOf(
      port,
      verdict === "held",
      holders ?? readHolders(runtime, new Set([port])),
      runtime,
    ),
  };
}

function spaceOf(port: number): PortExplanation["space"] {
  if (inRanges(port, [SYSTEM_PORTS])) return "system";
  return inRanges(port, [DYNAMIC_RANGE]) ? "dynamic" : "registered";
}

function ephemeralFact(
  port: number,
  { configured, source }: EphemeralRanges,
): Pick<PortExplanation, "ephemeral"> {
  const range = configured.find((range) => inRanges(port, [range]));
  return range ? { ephemeral: { range, source } } : {};
}

/** What keeps an available port from being a good one, if anything. */
function neighbourhood(
  port: number,
  available: PortSet,
  services: Services,
): Pick<PortExplanation, "near" | "shortRange"> {
  const run = [...available.ranges()].find((run) => inRanges(port, [run]))!;
  const below = port - run.first;
  const above = run.last - port;
  const near = Math.min(below, above) < BORDER;
  return {
    ...(near
      ? {
        near: claimed(below < above ? run.first - 1 : run.last + 1, services),
      }
      : {}),
    ...(isLongEnough(run) ? {} : { shortRange: run }),
  };
}

type Services = typeof import("../ports/services.ts");

function claimed(port: number, services: Services): ClaimedPort {
  const by = assignedPorts().has(port)
    ? "IANA"
    : wellKnownPorts().has(port)
    ? "wide use"
    : "the system";
  const [service] = by === "IANA"
    ? services.assignedServices(port)
    : services.wellKnownServices(port);
  return { port, by, ...(service ? { service } : {}) };
}
