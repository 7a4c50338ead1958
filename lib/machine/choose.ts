import { PortForError, quoted } from "../error.ts";
import type { Awaitable } from "../place.ts";
import { candidatesFor, randomCandidates } from "../ports/candidates.ts";
import { type PortRange, portsIn } from "../ports/port_range.ts";
import { PortSet, setOf } from "../ports/port_set.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Offer, type Wish } from "./offer.ts";
import { Prober, WHAT_FORBIDS } from "./probe.ts";

/** How to choose ports. */
export interface Choice extends Wish {
  /** Choose at random instead of deriving the port from the name. */
  readonly random?: boolean;
  /** Require the UDP port to be free too. */
  readonly udp?: boolean;
  /** How many consecutive ports to choose. Defaults to 1. */
  readonly count?: number;
  /**
   * Choose in the ephemeral range if nothing else is left: the kernel will be
   * told to keep the port out of it.
   */
  readonly reserve?: boolean;
  /**
   * What seeds the sequence of candidates in addition to the name, so two
   * people seldom get the same port. Defaults to nothing.
   */
  readonly seed?: string;
}

/**
 * Looks up which of the given ports belong to names. The result may include
 * further ports that do.
 */
export type HeldPorts = (ports: PortSet) => Awaitable<PortSet>;

/**
 * Give up after this many forbidden candidates in a row: thousands more would
 * fare no better.
 */
const MOST_FORBIDDEN = 8;

/** Chooses ports on this machine, in its current state. */
export class Chooser {
  /** The ports to choose from. */
  readonly offer: Offer;
  readonly #choice: Choice;
  readonly #runtime: Runtime;
  readonly #prober: Prober;
  /** Candidates that are in use. */
  readonly #used = new PortSet();
  /** Candidates that are forbidden; and how many there were in a row. */
  readonly #forbidden = new PortSet();
  #forbiddenInARow = 0;

  /**
   * @param choice How to choose.
   * @param runtime The machine to choose on.
   */
  constructor(choice: Choice, runtime: Runtime) {
    this.#choice = choice;
    this.#runtime = runtime;
    this.#prober = new Prober(runtime, { udp: choice.udp ?? false });
    this.offer = new Offer(choice, runtime);
  }

  /**
   * A good port that is free now, or the first of a block of such ports.
   *
   * @param held Looks up ports that belong to names.
   * @throws {PortForError} `NO_GOOD_PORT` if there is none, `BAD_INPUT` if the
   * range and the exclusions leave no good port, `NO_PERMISSION` if this
   * process may not bind the candidates.
   */
  async choose(name: string, held: HeldPorts): Promise<number> {
    const { random = false, reserve = false, seed = "" } = this.#choice;
    const { ports } = this.offer;
    const choices = reserve ? [ports, this.offer.beyondEphemeral()] : [ports];
    for (const ports of choices) {
      const order = random
        ? randomCandidates(ports)
        : candidatesFor(seed + name, ports);
      const port = await this.#firstFree(name, order, ports, held);
      if (port !== undefined) return port;
    }
    if (!this.#forbidden.isEmpty && this.#used.isEmpty) {
      throw this.#nothingToBind(name);
    }
    throw this.#nothingFor(name, await held(ports));
  }

  /**
   * Whether a port is free, not claimed and not another name's, good or not;
   * for a block, whether all its ports are.
   *
   * @param held Looks up ports that belong to names.
   */
  async isOpen(first: number, held: HeldPorts): Promise<boolean> {
    const block = blockAt(first, this.#choice.count ?? 1);
    if (this.offer.isClaimed(block)) return false;
    const taken = await held(setOf([block]));
    for (const port of portsIn(block)) {
      if (taken.has(port)) return false;
      if (await this.#prober.verdict(port) !== "free") return false;
    }
    return true;
  }

  /**
   * What is wrong with a port that the user asked for; empty for a good one.
   */
  async objections(port: number): Promise<string[]> {
    const { reserve = false } = this.#choice;
    const objections = this.offer.objections(port, reserve);
    const verdict = await this.#prober.verdict(port);
    if (verdict === "held") objections.push("in use");
    if (verdict === "forbidden") {
      objections.push(`not for this process to bind (${WHAT_FORBIDS})`);
    }
    return objections;
  }

  /**
   * The first candidate whose block is wanted, belongs to no name, and is free.
   */
  async #firstFree(
    name: string,
    candidates: Iterable<number>,
    wanted: PortSet,
    held: HeldPorts,
  ): Promise<number | undefined> {
    const { count = 1 } = this.#choice;
    const beginnings = beginningsOfRuns(count, wanted);
    for (const window of windowsOf(candidates, beginnings)) {
      const blocks = window.map((first) => blockAt(first, count));
      const taken = await held(setOf(blocks));
      for (const block of blocks) {
        const ports = portsIn(block);
        if (ports.some((port) => taken.has(port))) continue;
        if (this.offer.isClaimed(block)) continue;
        if (await this.#areFree(ports)) return block.first;
        if (this.#forbiddenInARow >= MOST_FORBIDDEN) {
          throw this.#nothingToBind(name);
        }
      }
    }
    return undefined;
  }

  /** Whether all ports are free; remembers the first that is not. */
  async #areFree(ports: readonly number[]): Promise<boolean> {
    for (const port of ports) {
      if (this.#used.has(port) || this.#forbidden.has(port)) return false;
      const verdict = await this.#prober.verdict(port);
      if (verdict === "forbidden") {
        this.#forbidden.add(port);
        this.#forbiddenInARow++;
        return false;
      }
      this.#forbiddenInARow = 0;
      if (verdict === "held") {
        this.#used.add(port);
        return false;
      }
    }
    return true;
  }

  #nothingToBind(name: string): PortForError {
    const tried = [...this.#forbidden].join(", ");
    return new PortForError(
      "NO_PERMISSION",
      `cannot find a port for ${quoted(name)}: this process may not bind ` +
        `any that was tried (${tried}): ${WHAT_FORBIDS} (allow it there, or ` +
        `give a port with --port)`,
    );
  }

  #nothingFor(name: string, held: PortSet): PortForError {
    const { count = 1 } = this.#choice;
    const { ports, hasGoodPorts } = this.offer;
    const account = this.offer.account([
      [held, "belong to other names"],
      [this.#used, "are in use"],
      [this.#forbidden, "may not be bound by this process"],
    ]);
    const cuts = this.offer.cuts();
    if (ports.isEmpty && hasGoodPorts && cuts.length > 0) {
      return new PortForError(
        this.offer.isCutByCaller ? "BAD_INPUT" : "NO_GOOD_PORT",
        `cannot choose a port for ${quoted(name)}: ` +
          `${cuts.join(" with ")} leaves no good port: ${account} ` +
          `(give another range, or exclude less; --explain PORT says more)`,
      );
    }
    const what = count === 1
      ? "no good port is free"
      : `no ${count} consecutive good ports are free`;
    return new PortForError(
      "NO_GOOD_PORT",
      `cannot find a port for ${quoted(name)}: ${what}: ${account} ` +
        `(${this.#wayOut(held)})`,
    );
  }

  /** @param held The ports that belong to names. */
  #wayOut(held: PortSet): string {
    if (this.offer.ports.isEmpty) {
      const reserve = this.#runtime.os === "linux"
        ? "have the kernel keep a port out of its ephemeral range with --reserve, "
        : "";
      return `${reserve}narrow that range, or give a port with --port`;
    }
    const hasCuts = this.offer.cuts().length > 0;
    if ((this.#choice.count ?? 1) > 1) {
      const fewer = "ask for fewer, or for several blocks";
      return hasCuts ? `${fewer}, or leave more to choose from` : fewer;
    }
    const ways: string[] = [];
    const isOurs = (port: number) =>
      !this.offer.isClaimed({ first: port, last: port });
    if ([...held].some(isOurs)) {
      ways.push("take away names that are no longer needed with --unbind");
    }
    if (hasCuts) ways.push("leave more to choose from");
    return [...ways, "give a port with --port"].join(", or ");
  }
}

/** How many candidates to look up at first, and at most. */
const FIRST_WINDOW = 16;
const LARGEST_WINDOW = 1024;

/**
 * The candidates in `wanted`, in growing batches: looking up who has them may
 * need the network, and usually one of the first few belongs to nobody.
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

/** The ports that begin a run of `count` consecutive ports. */
function beginningsOfRuns(count: number, ports: PortSet): PortSet {
  if (count === 1) return ports;
  const runs = [...ports.ranges()];
  return setOf(
    runs.filter(({ first, last }) => last - first + 1 >= count)
      .map(({ first, last }) => ({ first, last: last - count + 1 })),
  );
}
