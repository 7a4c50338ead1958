import type { Association } from "../association.ts";
import { PortForError } from "../error.ts";
import { type Document, type Problem, readDocument } from "../toml/document.ts";
import { NotTomlError } from "../toml/meaning.ts";

/** The parsed text of a store. Its errors name the file, line and column. */
export class StoreText {
  /** What the text means. */
  readonly document: Document;
  readonly #path: string;

  /**
   * @param path Where the text comes from, for messages.
   * @param text The text; `undefined` for a store that does not exist yet.
   * @throws {PortForError} `STORE_INVALID` if it is not TOML at all.
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

  /** What is wrong with it, each with file, line and column. */
  get problems(): readonly string[] {
    return this.document.problems.map((problem) =>
      this.#described(problem) +
      (problem.wayOut ? ` (${problem.wayOut})` : "")
    );
  }

  /**
   * The association of a name, even if it is an expired lease.
   *
   * @throws {PortForError} `STORE_INVALID` if its entry is not valid.
   */
  find(name: string): Association | undefined {
    const { problems, associations } = this.document;
    const problem = problems.find((problem) => problem.name === name);
    if (problem) throw this.#invalid(problem);
    return associations.get(name);
  }

  /** Every association, in the order of the text. */
  all(): readonly Association[] {
    return [...this.document.associations.values()];
  }

  /**
   * Throws if anything is wrong.
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
