import { parse, TomlDate, TomlError } from "smol-toml";
import { readPlainText } from "./plain_text.ts";
import { impossibleDay } from "./dates.ts";
import { type Place, statementsOf } from "./statements.ts";

/** A TOML table. */
export type Toml = Record<string, unknown>;

/** A text that is not TOML. */
export class NotTomlError extends Error {
  /** Why, and the place of the error. */
  readonly problem: Place & { readonly message: string };

  /** @param problem Why, and the place of the error. */
  constructor(problem: Place & { readonly message: string }) {
    super(problem.message);
    this.problem = problem;
  }
}

/** What the text of a store means as TOML. */
export interface Meaning {
  /** The whole document, without `ports` if that is a table. */
  readonly rest: Toml;
  /** The entries of that table; empty if there is none. */
  readonly ports: ReadonlyMap<string, unknown>;
  /** Where a new entry goes, if the text is in port-for's own form. */
  readonly end?: number;
}

let latest: { text: string; meaning: Meaning } | undefined;

/**
 * Parses TOML. Integers too large for a number become a bigint. Do not modify
 * the result: it is cached.
 *
 * @throws {NotTomlError} if it is not TOML, for example if a key occurs twice.
 */
export function readToml(text: string): Meaning {
  // One change of a store parses the same text several times.
  if (latest?.text !== text) latest = { text, meaning: meaningOf(text) };
  return latest.meaning;
}

function meaningOf(text: string): Meaning {
  return orNotToml(
    text,
    () => ofPlainText(text) ?? ofAnyText(text.replace(/^\ufeff/, "")),
  );
}

/**
 * Parses any TOML into one table.
 *
 * @throws {NotTomlError} if it is not TOML.
 */
export function readTable(text: string): Toml {
  return orNotToml(text, () => parsed(text.replace(/^\ufeff/, "")));
}

function orNotToml<T>(text: string, read: () => T): T {
  try {
    const meaning = read();
    const impossible = impossibleDay(text);
    if (!impossible) return meaning;
    const { day, ...place } = impossible;
    const message = `not valid TOML: there is no day ${day}`;
    throw new NotTomlError({ message, ...place });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ""] = error.message
      .replace(/^Invalid TOML document: /, "").split("\n");
    const { line, column } = error;
    const message = `not valid TOML: ${summary}`;
    throw new NotTomlError({ message, line, column });
  }
}

function ofAnyText(text: string): Meaning {
  const whole = parsed(text);
  const { ports, ...rest } = whole;
  return isTable(ports)
    ? { rest, ports: inOrder(text, ports) }
    : { rest: whole, ports: new Map() };
}

/**
 * The entries of `[ports]` in the order of the text. An object puts keys that
 * look like numbers first; only then is the order read from the text.
 */
function inOrder(text: string, ports: Toml): Map<string, unknown> {
  const entries = Object.entries(ports);
  const [first] = entries;
  if (!first || !/^\d+$/.test(first[0])) return new Map(entries);
  const places = new Map<string, number>();
  for (const [place, { path }] of statementsOf(text).entries()) {
    const [table, name] = path;
    if (table === "ports" && name !== undefined && !places.has(name)) {
      places.set(name, place);
    }
  }
  return new Map(
    entries.sort(([a], [b]) => (places.get(a) ?? 0) - (places.get(b) ?? 0)),
  );
}

/** The meaning of a text in port-for's own form; `undefined` for any other. */
function ofPlainText(text: string): Meaning | undefined {
  const plain = readPlainText(text);
  if (!plain) return undefined;
  try {
    const ports = new Map<string, unknown>(plain.entries);
    for (const [name, value] of plain.entries) {
      if (typeof value === "number") continue;
      ports.set(name, parsed(`value = ${value}`).value);
    }
    // What looks like [ports] may be inside a string; then the head is not
    // TOML. With the usual head, the parser is not even loaded.
    const rest = plain.bareHead ?? parsed(plain.head);
    return { rest, ports, end: plain.end };
  } catch (error) {
    // Parsing the whole text gives a better place for the error.
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

function parsed(text: string): Toml {
  return parse(text, { integersAsBigInt: "asNeeded" });
}

/** Whether a value is a table, inline or not. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof TomlDate);
}
