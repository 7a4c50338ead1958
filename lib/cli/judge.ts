import { type Association, portsOf } from "../association.ts";
import type { Claim, Claims } from "../machine/claim.ts";
import { readEphemeralRanges } from "../machine/ephemeral.ts";
import { publishedHere } from "../machine/node.ts";
import {
  lowestUnprivileged,
  UNPRIVILEGED_FILE,
} from "../machine/unprivileged.ts";
import type { Policy } from "../place.ts";
import {
  DYNAMIC_RANGE,
  formatPortRange,
  formatPortRanges,
  overlap,
  SYSTEM_PORTS,
} from "../ports/port_range.ts";
import { PortSet, setOf } from "../ports/port_set.ts";
import {
  assignedPorts,
  PUBLISHED_RANGE,
  wellKnownPorts,
} from "../ports/registry.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { MachineClaims } from "../store/claims.ts";
import type { Call } from "./call.ts";

/** Judges whether the ports of names would still be chosen today. */
export class Judge {
  readonly #reasons: readonly Reason[];
  readonly #claims: Claims;

  /** @param policy The store's policy. */
  constructor({ store, runtime }: Call, policy: Policy) {
    this.#reasons = reasonsToMove(runtime, policy);
    this.#claims = new MachineClaims(runtime, store.place.source());
  }

  /**
   * The strongest reason why a name's ports would not be chosen; `undefined` if
   * they would be, or if `--allow` was given for them.
   */
  problem(association: Association): string | undefined {
    if (association.allow) return undefined;
    return this.#found(association)?.why;
  }

  /** The ports of a name that this reason applies to. */
  ports(association: Association): string {
    const common = this.#found(association)?.common ?? new PortSet();
    return [...common.ranges()].map(formatPortRange).join(", ");
  }

  /** Claims on a name's ports that are probably for this name. */
  notes({ name, port, count, allow, reserved }: Association): string[] {
    if (allow || reserved) return [];
    return this.#claims.on({ first: port, last: port + count - 1 })
      .filter((claim) =>
        claim.kind === "reserved ports" && isForName(claim, name)
      )
      .map(({ text }) => text);
  }

  #found(
    association: Association,
  ): { why: string; common: PortSet } | undefined {
    const held = setOf([portsOf(association)]);
    for (const { why, ports } of this.#reasons) {
      const common = new PortSet(held).retainAll(ports);
      if (!common.isEmpty) return { why, common };
    }
    for (const claim of this.#claims.on(portsOf(association))) {
      if (isForName(claim, association.name)) continue;
      const common = setOf(claim.ranges).retainAll(held);
      if (!common.isEmpty) return { why: claim.text, common };
    }
    return undefined;
  }
}

/**
 * Whether a claim is probably for this name: an administrator added the name to
 * /etc/services, created a socket unit for it, or reserved its port.
 */
function isForName({ kind, by }: Claim, name: string): boolean {
  if (kind === "reserved ports") return by === "";
  if (kind === "store") return false;
  const short = name.slice(name.lastIndexOf("/") + 1);
  return by.replace(/\.socket$/, "").toLowerCase() === short.toLowerCase();
}

/** Ports that would not be chosen today, and why. */
interface Reason {
  readonly why: string;
  readonly ports: PortSet;
}

function reasonsToMove(runtime: Runtime, { range }: Policy): Reason[] {
  const { ranges, configured } = readEphemeralRanges(runtime);
  const ephemeral = `in the ephemeral range ${formatPortRanges(configured)}`;
  const dynamic = range && overlap(range, DYNAMIC_RANGE)
    ? [] // The policy wants it so.
    : [{ why: "in the dynamic range", ports: setOf([DYNAMIC_RANGE]) }];
  return [
    { why: "a system port", ports: setOf([SYSTEM_PORTS]) },
    {
      why: `for privileged programs only, by ${UNPRIVILEGED_FILE}`,
      ports: setOf([{ first: 0, last: lowestUnprivileged(runtime) - 1 }]),
    },
    { why: "assigned by IANA", ports: assignedPorts() },
    ...wellKnownReasons(runtime),
    { why: ephemeral, ports: setOf(ranges) },
    ...dynamic,
  ];
}

/** The range of orchestrators matters only on their nodes. */
function wellKnownReasons(runtime: Runtime): Reason[] {
  const published = publishedHere(runtime);
  const node = published === undefined ? [] : [{
    why: `in ${formatPortRange(published.range)}, on which the orchestrator ` +
      `of this node publishes services (by ${published.sign})`,
    ports: setOf([published.range]),
  }];
  const known = new PortSet(wellKnownPorts()).delete(PUBLISHED_RANGE);
  return [...node, { why: "well known", ports: known }];
}
