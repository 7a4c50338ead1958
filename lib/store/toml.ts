import { parse, TomlDate, TomlError } from "smol-toml";

/** A TOML table: what a store's text means. */
export type Toml = Record<string, unknown>;

/** A place in a text, both numbers from 1, the column in UTF-16 units. */
export interface Place {
  /** The line. */
  readonly line: number;
  /** The column. */
  readonly column: number;
}

/** A text that is not TOML. */
export class NotTomlError extends Error {
  /** Why, and where it stops to be. */
  readonly problem: Place & { readonly message: string };

  /** @param problem Why, and where it stops to be. */
  constructor(problem: Place & { readonly message: string }) {
    super(problem.message);
    this.problem = problem;
  }
}

/**
 * Reads TOML. Integers that a number cannot hold come as bigint.
 *
 * @throws {NotTomlError} where it is none; a key written twice is none.
 */
export function parseToml(text: string): Toml {
  try {
    return parse(text.replace(/^\ufeff/, ""), {
      integersAsBigInt: "asNeeded",
    });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ""] = error.message
      .replace(/^Invalid TOML document: /, "").split("\n");
    const { line, column } = error;
    const message = `not valid TOML: ${summary}`;
    throw new NotTomlError({ message, line, column });
  }
}

/** Whether a value is a table, inline or not. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof TomlDate);
}

/** The `[ports]` of a store; an empty table where it has none. */
export function portsTable(toml: Toml): Record<string, unknown> {
  return isTable(toml.ports) ? toml.ports : {};
}
