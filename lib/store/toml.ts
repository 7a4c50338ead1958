import { parse, TomlDate, TomlError } from "smol-toml";
import { readPlainText } from "./plain_text.ts";

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
 * Reads TOML. Integers that a number cannot hold come as bigint. The result is
 * not to be changed: who reads the same text again is given the same one.
 *
 * @throws {NotTomlError} where it is none; a key written twice is none.
 */
export function parseToml(text: string): Toml {
  // One change of a store reads the same text several times.
  if (latest?.text !== text) latest = { text, toml: parsed(text) };
  return latest.toml;
}

let latest: { text: string; toml: Toml } | undefined;

function parsed(text: string): Toml {
  const own = text.replace(/^\ufeff/, "");
  try {
    return parsedPlain(own) ?? parse(own, OPTIONS);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ""] = error.message
      .replace(/^Invalid TOML document: /, "").split("\n");
    const { line, column } = error;
    const message = `not valid TOML: ${summary}`;
    throw new NotTomlError({ message, line, column });
  }
}

const OPTIONS = { integersAsBigInt: "asNeeded" } as const;

/** What a text in port-for's own form means; `undefined` for any other. */
function parsedPlain(text: string): Toml | undefined {
  const plain = readPlainText(text);
  if (!plain) return undefined;
  try {
    const toml: Toml = parse(plain.head, OPTIONS);
    const ports: Toml = {};
    for (const [name, value] of plain.entries) {
      const meaning = typeof value === "number"
        ? value
        : parse(`value = ${value}`, OPTIONS).value;
      // To assign this one would change what the object inherits.
      if (name === "__proto__") define(ports, name, meaning);
      else ports[name] = meaning;
    }
    toml.ports = ports;
    return toml;
  } catch (error) {
    // The whole text says better where it is wrong, if it is.
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

function define(table: Toml, key: string, value: unknown): void {
  const how = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(table, key, how);
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
