import { PortForError, quoted } from "../error.ts";
import { formatPortRange } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import {
  type Association,
  holdsPorts,
  isExpired,
  portsOf,
} from "../association.ts";
import { type Document, type Problem, readDocument } from "../toml/document.ts";
import { readStore } from "./store_file.ts";
import { NotTomlError } from "../toml/meaning.ts";

/** What a store says at one moment, with errors that say where it says so. */
export class StoreView {
  /** What its text means. */
  readonly document: Document;
  readonly #path: string;

  /**
   * @param path Where the text is from, for messages.
   * @param text The text; `undefined` for a store that does not exist yet.
   * @throws {PortForError} `STORE_INVALID` where it is not TOML at all.
   */
  constructor(path: string, text: string | undefined) {
    this.#path = path;
    try {
      this.document = readDocument(text);
    } catch (error) {
      if (error instanceof NotTomlError) throw this.#invalid(error.problem);
      throw error;
    }
  }

  /** The store as it is now. */
  static read(path: string, runtime: Runtime): StoreView {
    return new StoreView(path, readStore(path, runtime)?.text);
  }

  /** Every association, those of leases that have ended included. */
  get all(): Association[] {
    return [...this.document.associations.values()];
  }

  /** What a name holds, if that is not a lease that has ended. */
  live(name: string): Association | undefined {
    const association = this.document.associations.get(name);
    return association && !isExpired(association) ? association : undefined;
  }

  /** Whether a name has anything to take away. */
  holds(name: string): boolean {
    const association = this.document.associations.get(name);
    return association !== undefined && holdsPorts(association);
  }

  /**
   * What a name holds.
   *
   * @param wanted What it has to be: a port, a count.
   * @throws {PortForError} `STORE_INVALID` where the entry of this very name
   * cannot be relied on, `PORT_TAKEN` where it is not what is wanted.
   */
  find(
    name: string,
    wanted: { port?: number; count?: number } = {},
  ): Association | undefined {
    const { problems } = this.document;
    const problem = problems.find((problem) => problem.name === name);
    if (problem) throw this.#invalid(problem);
    const association = this.live(name);
    if (association) refuseOther(association, wanted);
    return association;
  }

  /**
   * Refuses a store that is not sound: it must not be written.
   *
   * @throws {PortForError} `STORE_INVALID`.
   */
  refuseProblems(): void {
    const [first] = this.document.problems;
    if (first) throw this.#invalid(first);
  }

  /** A problem and its place, for a message. */
  describe(problem: Problem): string {
    return `${this.#place(problem)}: ${problem.message}`;
  }

  #invalid(problem: Problem): PortForError {
    return new PortForError(
      "STORE_INVALID",
      `cannot use the store ${this.describe(problem)} ` +
        `(mend it by hand; nothing was changed)`,
    );
  }

  #place({ line, column }: Problem): string {
    return `${this.#path}, line ${line}, column ${column}`;
  }
}

/**
 * Refuses an association that is not what is wanted.
 *
 * @throws {PortForError} `PORT_TAKEN`.
 */
export function refuseOther(
  association: Association,
  { port, count }: { port?: number; count?: number },
): void {
  const has = association.count === 1
    ? `port ${association.port}`
    : `the ports ${formatPortRange(portsOf(association))}`;
  const refusal = (wanted: string) =>
    new PortForError(
      "PORT_TAKEN",
      `cannot associate ${quoted(association.name)} with ${wanted}: it has ` +
        `${has} (take that away first with --unbind)`,
    );
  if (port !== undefined && association.port !== port) {
    throw refusal(`port ${port}`);
  }
  if (count !== undefined && association.count !== count) {
    throw refusal(`${count} port${count === 1 ? "" : "s"}`);
  }
}
