import { goodPortsOutside } from "../ports/policy.ts";
import {
  DYNAMIC_RANGE,
  formatPortRange,
  formatPortRanges,
  inRanges,
  MAX_PORT,
  overlap,
  type PortRange,
  SYSTEM_PORTS,
} from "../ports/port_range.ts";
import { PortSet, setOf } from "../ports/port_set.ts";
import { assignedPorts, wellKnownPorts } from "../ports/registry.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { claimedPorts, type Claims, NO_CLAIMS } from "./claim.ts";
import { type EphemeralRanges, readEphemeralRanges } from "./ephemeral.ts";
import { lowestUnprivileged, UNPRIVILEGED_FILE } from "./unprivileged.ts";

/** Which ports are wanted. */
export interface Wish {
  /**
   * Only ports in this range. If it reaches into the dynamic range, ports there
   * count as available too, outside the ephemeral ranges.
   */
  readonly range?: PortRange | undefined;
  /** None of these. */
  readonly exclude?: PortSet | undefined;
  /** None of the claimed ports. Defaults to no claims. */
  readonly claims?: Claims;
  /** Where the range comes from, for messages. Defaults to the command line. */
  readonly rangeName?: string;
  /**
   * Where the exclusions come from, for messages. Defaults to the command line.
   */
  readonly excludeName?: string;
}

/** The good ports of this machine, and why the others are not good. */
export class Offer {
  /** The ephemeral ranges, and where they were read. */
  readonly ephemeral: EphemeralRanges;
  /** The good ports that are wanted, claimed or not. Do not modify. */
  readonly ports: PortSet;
  readonly #wish: Wish;
  readonly #claims: Claims;
  /** Where to look: 1024-49151 or 1024-65535. */
  readonly #space: PortRange;
  /** The good ports, before the user's cuts. */
  readonly #good: PortSet;
  /** The lowest port that an unprivileged service may bind. */
  readonly #lowest: number;

  /**
   * @param wish Which ports are wanted.
   * @param runtime The machine.
   */
  constructor(wish: Wish, runtime: Runtime) {
    this.#wish = wish;
    this.#claims = wish.claims ?? NO_CLAIMS;
    this.ephemeral = readEphemeralRanges(runtime);
    this.#lowest = lowestUnprivileged(runtime);
    this.#space = {
      first: SYSTEM_PORTS.last + 1,
      last: wish.range && overlap(wish.range, DYNAMIC_RANGE)
        ? MAX_PORT
        : DYNAMIC_RANGE.first - 1,
    };
    this.#good = goodPortsOutside(this.ephemeral.configured, {
      high: this.#space.last,
    });
    this.ports = this.#wanted(this.#good);
  }

  /** Whether this machine has good ports, before the user's cuts. */
  get hasGoodPorts(): boolean {
    return !this.#good.isEmpty;
  }

  /** Whether any port in a range is claimed. */
  isClaimed(range: PortRange): boolean {
    return this.#claims.on(range).length > 0;
  }

  /** The additional ports if there were no ephemeral range. */
  beyondEphemeral(): PortSet {
    return this.#wanted(this.#goodBeyond().deleteAll(this.#good));
  }

  /**
   * Why a port is not a good one here, strongest reason first; empty for a good
   * one.
   *
   * @param reserved Whether the kernel will keep it out of its ephemeral range.
   */
  objections(port: number, reserved = false): string[] {
    const objections: string[] = [];
    if (inRanges(port, [SYSTEM_PORTS])) objections.push("a system port");
    if (assignedPorts().has(port)) objections.push("assigned by IANA");
    if (wellKnownPorts().has(port)) objections.push("well known");
    const claims = this.#claims.on({ first: port, last: port });
    objections.push(...claims.map(({ text }) => text));
    if (!reserved && inRanges(port, this.ephemeral.ranges)) {
      objections.push(
        `in the ephemeral range ${formatPortRanges(this.ephemeral.configured)}`,
      );
    }
    if (inRanges(port, [DYNAMIC_RANGE])) {
      objections.push("in the dynamic range");
    }
    if (port > SYSTEM_PORTS.last && port < this.#lowest) {
      objections.push(`for privileged programs only, by ${UNPRIVILEGED_FILE}`);
    }
    const isGood = this.#good.has(port) ||
      (reserved && this.#goodBeyond().has(port));
    if (objections.length === 0 && !isGood) {
      objections.push("too close to a port that is not available");
    }
    const { range, rangeName, exclude, excludeName } = this.#wish;
    if (range && !inRanges(port, [range])) {
      objections.push(`not what ${rangeName ?? "the range"} allows`);
    } else if (exclude?.has(port)) {
      objections.push(`not what ${excludeName ?? "the exclusion"} allows`);
    }
    return objections;
  }

  /** What limits the good ports: command-line options or a policy. */
  cuts(): string[] {
    const { range, rangeName, exclude, excludeName } = this.#wish;
    const cuts: string[] = [];
    if (range) cuts.push(rangeName ?? `--range ${formatPortRange(range)}`);
    if (exclude && !exclude.isEmpty) {
      const ports = [...exclude.ranges()].map(formatPortRange);
      cuts.push(excludeName ?? `--exclude ${ports}`);
    }
    return [...new Set(cuts)];
  }

  /** Whether the caller, and not a policy, limits the good ports. */
  get isCutByCaller(): boolean {
    const { range, rangeName, exclude, excludeName } = this.#wish;
    return Boolean(
      (range && !rangeName) || (exclude && !exclude.isEmpty && !excludeName),
    );
  }

  /**
   * How many ports each reason rules out; each port is counted once.
   *
   * @param more Further reasons, such as `are in use`, with their ports.
   */
  account(more: readonly (readonly [ports: PortSet, why: string])[]): string {
    const { range = this.#space, exclude, excludeName } = this.#wish;
    const { configured, source } = this.ephemeral;
    const left = setOf([this.#space]).retainAll(setOf([range]));
    const { size } = left;
    const looked = [...left.ranges()].map(formatPortRange);
    const parts: string[] = [];
    const without = (ports: PortSet, why: string) => {
      const before = left.size;
      left.deleteAll(ports);
      const count = before - left.size;
      if (count === 1) parts.push((size > 1 ? "1 " : "") + inSingular(why));
      else if (count > 1) parts.push(`${count} ${why}`);
    };
    without(assignedPorts(), "are assigned by IANA");
    without(wellKnownPorts(), "are well known");
    without(
      setOf(configured),
      `are in the ephemeral range ${formatPortRanges(configured)} (${source})`,
    );
    without(
      new PortSet(left).deleteAll(this.#good),
      "are in ranges too short or at their borders",
    );
    without(claimedPorts(this.#claims.all()), "are promised to others here");
    without(
      setOf([{ first: 0, last: this.#lowest - 1 }]),
      `are for privileged programs only (${UNPRIVILEGED_FILE})`,
    );
    if (exclude) {
      without(exclude, `are excluded by ${excludeName ?? "--exclude"}`);
    }
    for (const [ports, why] of more) without(ports, why);
    if (size === 0) {
      return `no port of it is in ${
        formatPortRange(this.#space)
      }, where good ` +
        `ports are`;
    }
    return size === 1
      ? `port ${looked} ${parts}`
      : `of the ports ${looked}, ${parts.join(", ")}`;
  }

  /** What the wish leaves of some ports. Do not modify. */
  #wanted(ports: PortSet): PortSet {
    const { range, exclude } = this.#wish;
    const hasCuts = range !== undefined || exclude !== undefined ||
      this.#lowest > this.#space.first;
    if (!hasCuts) return ports;
    const wanted = new PortSet(ports).delete({
      first: 0,
      last: this.#lowest - 1,
    });
    if (range) wanted.retainAll(setOf([range]));
    if (exclude) wanted.deleteAll(exclude);
    return wanted;
  }

  #goodBeyond(): PortSet {
    return goodPortsOutside([], { high: this.#space.last });
  }
}

/** Puts a reason into the singular: `are in use` becomes `is in use`. */
function inSingular(why: string): string {
  return why.replace(/^are\b/, "is")
    .replace("belong to other names", "belongs to another name");
}
