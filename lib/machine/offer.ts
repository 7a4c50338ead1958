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
   * Only those in this range. One that reaches into the dynamic range makes
   * that available, outside the ephemeral ranges.
   */
  readonly range?: PortRange | undefined;
  /** None of these. */
  readonly exclude?: PortSet | undefined;
  /** None that is promised to others. By default nothing is. */
  readonly claims?: Claims;
  /** Who wants the range, for messages. By default the command line. */
  readonly rangeName?: string;
  /** Who wants the exclusions, for messages. By default the command line. */
  readonly excludeName?: string;
}

/** What this machine offers: good ports, and why all others are not. */
export class Offer {
  /** The ephemeral ranges, and how they are known. */
  readonly ephemeral: EphemeralRanges;
  /**
   * The good ports that are wanted, be they promised to others or not. Not to
   * be changed.
   */
  readonly ports: PortSet;
  readonly #wish: Wish;
  readonly #claims: Claims;
  /** Where to look: 1024 to 49151, or to 65535. */
  readonly #space: PortRange;
  /** The good ports, before the user's cuts. */
  readonly #good: PortSet;
  /** The lowest port that a service without privileges may bind. */
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

  /** Whether a port of a range is promised to others. */
  isClaimed(range: PortRange): boolean {
    return this.#claims.on(range).length > 0;
  }

  /** What would be offered if the system handed no ports out by itself. */
  beyondEphemeral(): PortSet {
    return this.#wanted(this.#goodBeyond().deleteAll(this.#good));
  }

  /**
   * Why a port is not a good one here, strongest reason first; nothing for
   * a good one.
   *
   * @param reserved Whether the kernel is to keep it out of its ephemeral range.
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

  /** What cuts the good ports: options of the command line, or a policy. */
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

  /** Whether it is the caller, and not a policy, who cuts the good ports. */
  get isCutByCaller(): boolean {
    const { range, rangeName, exclude, excludeName } = this.#wish;
    return Boolean(
      (range && !rangeName) || (exclude && !exclude.isEmpty && !excludeName),
    );
  }

  /**
   * How many ports each reason rules out, each port counted once.
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
      if (count === 1) parts.push((size > 1 ? "1 " : "") + ofOne(why));
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

  /** What the user's cuts leave of some ports. Not to be changed. */
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

/** What `are in use` is of one port. */
function ofOne(why: string): string {
  return why.replace(/^are\b/, "is")
    .replace("belong to other names", "belongs to another name");
}
