import { PortForError, quoted } from "../error.ts";
import { candidatesFor, randomCandidates } from "../ports/candidates.ts";
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
import type { Awaitable } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type EphemeralRanges, readEphemeralRanges } from "./ephemeral.ts";
import { probe } from "./probe.ts";

/** How to choose a port for a name. */
export interface Choice {
  /**
   * Choose only in this range. One that reaches into the dynamic range makes
   * that available, outside the ephemeral ranges.
   */
  readonly range?: PortRange | undefined;
  /** Do not choose one of these. */
  readonly exclude?: PortSet | undefined;
  /** Choose from the system's random source instead of by the name. */
  readonly random?: boolean;
  /** Ask that the UDP port be free too. */
  readonly udp?: boolean;
  /** How many consecutive ports to choose. By default 1. */
  readonly count?: number;
  /**
   * Choose in the ephemeral range where nothing else is left: the kernel will
   * be told to keep the port out of it.
   */
  readonly reserve?: boolean;
  /** Who wants the range, for messages. By default the command line. */
  readonly rangeName?: string;
  /** Who wants the exclusions, for messages. By default the command line. */
  readonly excludeName?: string;
}

/**
 * Tells which ports names have: at least those among the ports asked about that
 * belong to some name.
 */
export type HeldPorts = (ports: PortSet) => Awaitable<PortSet>;

/** Chooses ports on this machine as it is now. */
export class Chooser {
  /** The ephemeral ranges, and how they are known. */
  readonly ephemeral: EphemeralRanges;
  readonly #choice: Choice;
  readonly #runtime: Runtime;
  /** Where to look: 1024 to 49151, or to 65535. */
  readonly #space: PortRange;
  /** The good ports, before the user's cuts. */
  readonly #good: PortSet;

  /**
   * @param choice How to choose.
   * @param runtime The machine to choose on.
   */
  constructor(choice: Choice, runtime: Runtime) {
    const { range } = choice;
    this.#choice = choice;
    this.#runtime = runtime;
    this.ephemeral = readEphemeralRanges(runtime);
    this.#space = {
      first: SYSTEM_PORTS.last + 1,
      last: range && overlap(range, DYNAMIC_RANGE)
        ? MAX_PORT
        : DYNAMIC_RANGE.first - 1,
    };
    this.#good = goodPortsOutside(this.ephemeral.ranges, {
      high: this.#space.last,
    });
  }

  /**
   * A good port that is free now, or the first of a block of such ports.
   *
   * @param held Tells which ports names have already.
   * @throws {PortForError} `NO_GOOD_PORT` where there is none, `BAD_INPUT` where
   * the range and the exclusions leave none to look at.
   */
  async choose(name: string, held: HeldPorts): Promise<number> {
    const { random = false, reserve = false } = this.#choice;
    const wanted = this.#wanted(this.#good);
    const used = new PortSet();
    const choices = reserve ? [wanted, this.#wantedBeyond()] : [wanted];
    for (const ports of choices) {
      const order = random
        ? randomCandidates(ports)
        : candidatesFor(name, ports);
      const port = await this.#firstFree(order, ports, held, used);
      if (port !== undefined) return port;
    }
    throw this.#nothingFor(name, wanted, await held(wanted), used);
  }

  /** The first candidate whose whole block is wanted, not held, and free. */
  async #firstFree(
    candidates: Iterable<number>,
    wanted: PortSet,
    held: HeldPorts,
    used: PortSet,
  ): Promise<number | undefined> {
    const { count = 1 } = this.#choice;
    const beginnings = beginningsOfRuns(count, wanted);
    for (const window of windowsOf(candidates, beginnings)) {
      const blocks = window.map((first) => blockAt(first, count));
      const taken = await held(setOf(blocks));
      for (const block of blocks) {
        const ports = portsIn(block);
        if (ports.some((port) => taken.has(port) || used.has(port))) continue;
        if (await this.#allFree(ports, used)) return block.first;
      }
    }
    return undefined;
  }

  /** Probes ports; notes the first that is used. */
  async #allFree(ports: readonly number[], used: PortSet): Promise<boolean> {
    const { udp = false } = this.#choice;
    for (const port of ports) {
      if (await probe(port, { udp }, this.#runtime)) {
        used.add(port);
        return false;
      }
    }
    return true;
  }

  /** What speaks against a port that a user gave; empty for a good one. */
  async objections(port: number): Promise<string[]> {
    const objections: string[] = [];
    if (inRanges(port, [SYSTEM_PORTS])) objections.push("a system port");
    if (assignedPorts().has(port)) objections.push("assigned by IANA");
    if (wellKnownPorts().has(port)) objections.push("well known");
    const { reserve = false } = this.#choice;
    // A port that is reserved is in the ephemeral range no more.
    if (!reserve && inRanges(port, this.ephemeral.ranges)) {
      objections.push(
        `in the ephemeral range ${formatPortRanges(this.ephemeral.configured)}`,
      );
    }
    if (inRanges(port, [DYNAMIC_RANGE])) {
      objections.push("in the dynamic range");
    }
    const isGood = this.#good.has(port) ||
      (reserve && this.#goodBeyond().has(port));
    if (objections.length === 0 && !isGood) {
      objections.push("close to a port that others claim");
    }
    const { range, rangeName, exclude, excludeName, udp = false } =
      this.#choice;
    if (range && !inRanges(port, [range])) {
      objections.push(`not what ${rangeName ?? "the range"} allows`);
    } else if (exclude?.has(port)) {
      objections.push(`not what ${excludeName ?? "the exclusion"} allows`);
    }
    if (await probe(port, { udp }, this.#runtime)) objections.push("in use");
    return objections;
  }

  /** What the user's cuts leave of some ports. Not to be changed. */
  #wanted(ports: PortSet): PortSet {
    const { range, exclude } = this.#choice;
    if (!range && !exclude) return ports;
    const wanted = new PortSet(ports);
    if (range) wanted.retainAll(setOf([range]));
    if (exclude) wanted.deleteAll(exclude);
    return wanted;
  }

  /** What would be wanted if the system handed no ports out by itself. */
  #wantedBeyond(): PortSet {
    return this.#wanted(this.#goodBeyond().deleteAll(this.#good));
  }

  #goodBeyond(): PortSet {
    return goodPortsOutside([], { high: this.#space.last });
  }

  #nothingFor(
    name: string,
    wanted: PortSet,
    held: PortSet,
    used: PortSet,
  ): PortForError {
    const { count = 1 } = this.#choice;
    const account = this.#account(held, used);
    if (wanted.isEmpty && !this.#good.isEmpty) {
      const cuts = this.#cuts();
      const { range, rangeName, exclude, excludeName } = this.#choice;
      const isOfCaller = (range && !rangeName) ||
        (exclude && !exclude.isEmpty && !excludeName);
      return new PortForError(
        isOfCaller ? "BAD_INPUT" : "NO_GOOD_PORT",
        `cannot choose a port for ${quoted(name)}: ` +
          `${cuts.join(" with ")} leaves no good port: ${account} ` +
          `(give another range, or exclude less)`,
      );
    }
    const what = count === 1
      ? "no good port is free"
      : `no ${count} consecutive good ports are free`;
    return new PortForError(
      "NO_GOOD_PORT",
      `cannot find a port for ${quoted(name)}: ${what}: ${account} ` +
        `(${this.#wayOut(wanted)})`,
    );
  }

  /** What cuts the good ports: options of the command line, or a policy. */
  #cuts(): string[] {
    const { range, rangeName, exclude, excludeName } = this.#choice;
    const cuts: string[] = [];
    if (range) cuts.push(rangeName ?? `--range ${formatPortRange(range)}`);
    if (exclude && !exclude.isEmpty) {
      const ports = [...exclude.ranges()].map(formatPortRange);
      cuts.push(excludeName ?? `--exclude ${ports}`);
    }
    return [...new Set(cuts)];
  }

  /** How many ports each reason rules out, each port counted once. */
  #account(held: PortSet, used: PortSet): string {
    const { range, rangeName, exclude, excludeName } = this.#choice;
    const space = setOf([this.#space]);
    const left = new PortSet(space);
    const parts: string[] = [];
    const without = (ports: PortSet, why: string) => {
      const before = left.size;
      left.deleteAll(ports);
      if (before > left.size) parts.push(`${before - left.size} ${why}`);
    };
    without(assignedPorts(), "are assigned by IANA");
    without(wellKnownPorts(), "are well known");
    without(
      setOf(this.ephemeral.ranges),
      `are in the ephemeral range ` +
        `${formatPortRanges(this.ephemeral.configured)} ` +
        `(${this.ephemeral.source})`,
    );
    without(
      new PortSet(left).deleteAll(this.#good),
      "are in ranges too short or at their borders",
    );
    if (range) {
      const outside = new PortSet(space).delete(range);
      without(outside, `are outside ${rangeName ?? "--range"}`);
    }
    if (exclude) {
      without(exclude, `are excluded by ${excludeName ?? "--exclude"}`);
    }
    without(held, "belong to other names");
    without(used, "are in use");
    return `of the ports ${formatPortRange(this.#space)}, ${parts.join(", ")}`;
  }

  #wayOut(wanted: PortSet): string {
    if (wanted.isEmpty) {
      const reserve = this.#runtime.os === "linux"
        ? "have the kernel keep a port out of its ephemeral range with --reserve, "
        : "";
      return `${reserve}narrow that range, or give a port with --port`;
    }
    const { range, exclude, count = 1 } = this.#choice;
    if (count > 1) return "ask for fewer, or for several blocks";
    const more = range || exclude ? ", or leave more to choose from" : "";
    return `take away names that are no longer needed with --unbind${more}`;
  }
}

/** So many candidates are asked about at first, and at the most. */
const FIRST_WINDOW = 16;
const LARGEST_WINDOW = 1024;

/**
 * The candidates among `wanted`, some at a time: who has them may have to be
 * asked across a network, and mostly one of the first few is nobody's.
 */
function* windowsOf(
  candidates: Iterable<number>,
  wanted: PortSet,
): Generator<number[]> {
  let size = FIRST_WINDOW;
  let window: number[] = [];
  for (const candidate of candidates) {
    if (!wanted.has(candidate)) continue;
    if (window.push(candidate) < size) continue;
    yield window;
    window = [];
    size = Math.min(2 * size, LARGEST_WINDOW);
  }
  if (window.length > 0) yield window;
}

function blockAt(first: number, count: number): PortRange {
  return { first, last: first + count - 1 };
}

function portsIn({ first, last }: PortRange): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** The ports that begin so many consecutive ones of a set. */
function beginningsOfRuns(count: number, ports: PortSet): PortSet {
  if (count === 1) return ports;
  const runs = [...ports.ranges()];
  return setOf(
    runs.filter(({ first, last }) => last - first + 1 >= count)
      .map(({ first, last }) => ({ first, last: last - count + 1 })),
  );
}
