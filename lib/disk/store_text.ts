import type { Association } from "../association.ts";
import { PortForError } from "../error.ts";
import { type Document, type Problem, readDocument } from "../toml/document.ts";
import { NotTomlError } from "../toml/meaning.ts";

/** What the text of a store says, with errors that say where it says so. */
export class StoreText {
  /** What the text means. */
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

  /** What is wrong with it, each with its place. */
  get problems(): readonly string[] {
    return this.document.problems.map((problem) =>
      this.#described(problem) +
      (problem.wayOut ? ` (${problem.wayOut})` : "")
    );
  }

  /**
   * What a name has, be it a lease that has ended.
   *
   * @throws {PortForError} `STORE_INVALID` where its entry cannot be understood.
   */
  find(name: string): Association | undefined {
    const { problems, associations } = this.document;
    const problem = problems.find((problem) => problem.name === name);
    if (problem) throw this.#invalid(problem);
    return associations.get(name);
  }

  /** Everything, in the text's order. */
  all(): readonly Association[] {
    return [...this.document.associations.values()];
  }

  /**
   * Refuses to go on where anything is wrong.
   *
   * @throws {PortForError} `STORE_INVALID`.
   */
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
        `(${problem.wayOut ?? "fix it by hand"}; nothing was changed)`,
    );
  }

  #place({ line, column }: Problem): string {
    return `${this.#path}, line ${line}, column ${column}`;
  }
}
