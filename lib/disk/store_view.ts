import type { Association } from "../association.ts";
import { PortForError } from "../error.ts";
import { portsOf } from "../association.ts";
import type { Policy, View } from "../place.ts";
import { type PortSet, setOf } from "../ports/port_set.ts";
import { type Document, type Problem, readDocument } from "../toml/document.ts";
import { NotTomlError } from "../toml/meaning.ts";

/** What a store's text says, with errors that say where it says so. */
export class StoreView implements View {
  /** What the text means. */
  readonly document: Document;
  /** Where the text is from, symlinks followed. */
  readonly source: string;
  readonly #path: string;

  /**
   * @param path Where the text is from, for messages.
   * @param text The text; `undefined` for a store that does not exist yet.
   * @param source The path without symlinks. By default the path.
   * @throws {PortForError} `STORE_INVALID` where it is not TOML at all.
   */
  constructor(path: string, text: string | undefined, source = path) {
    this.#path = path;
    this.source = source;
    try {
      this.document = readDocument(text);
    } catch (error) {
      if (error instanceof NotTomlError) throw this.#invalid(error.problem);
      throw error;
    }
  }

  get policy(): Policy {
    return this.document.policy;
  }

  get problems(): readonly string[] {
    return this.document.problems.map((problem) => this.#described(problem));
  }

  find(name: string): Association | undefined {
    const { problems, associations } = this.document;
    const problem = problems.find((problem) => problem.name === name);
    if (problem) throw this.#invalid(problem);
    return associations.get(name);
  }

  holders(ports: PortSet): readonly Association[] {
    return this.all().filter((association) => {
      const { first, last } = portsOf(association);
      if (first === last) return ports.has(first);
      return !setOf([{ first, last }]).retainAll(ports).isEmpty;
    });
  }

  all(): readonly Association[] {
    return [...this.document.associations.values()];
  }

  refuseProblems(): void {
    const [first] = this.document.problems;
    if (first) throw this.#invalid(first);
  }

  #described(problem: Problem): string {
    return `${this.#place(problem)}: ${problem.message}`;
  }

  #invalid(problem: Problem): PortForError {
    return new PortForError(
      "STORE_INVALID",
      `cannot use the store ${this.#described(problem)} ` +
        `(fix it by hand; nothing was changed)`,
    );
  }

  #place({ line, column }: Problem): string {
    return `${this.#path}, line ${line}, column ${column}`;
  }
}
