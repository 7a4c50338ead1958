import { TomlDate } from "smol-toml";
import { CONTROLS, quoted } from "../error.ts";
import { isPort, MAX_PORT } from "../ports/port_range.ts";
import type { Association } from "../association.ts";
import { isTable } from "./meaning.ts";

/**
 * Reads the value of an entry. Returns a text that says what is wrong with it
 * if it is not valid.
 */
export function readEntry(name: string, value: unknown): Association | string {
  // A shortcut: nearly every entry is just a port, and there may be thousands.
  if (isPort(value)) return { name, port: value, count: 1 };
  const entry = isTable(value) ? value : { port: value };
  const { port, count = 1, expires, directory, reserved, allow } = entry;
  if (!isPort(port)) {
    return `the port of ${
      quoted(name)
    } is not a whole number from 1 to ${MAX_PORT}`;
  }
  if (!isPort(count) || port + count - 1 > MAX_PORT) {
    return `the count of ${quoted(name)} is not a whole number from 1 to ` +
      `${MAX_PORT - port + 1}`;
  }
  if (expires !== undefined && !isMoment(expires)) {
    return `the expiry of ${
      quoted(name)
    } is not a date and time with an offset, ` +
      `such as 2026-12-01T00:00:00Z`;
  }
  if (expires !== undefined && expires.getUTCFullYear() > 9999) {
    return `the expiry of ${quoted(name)} is after the year 9999`;
  }
  if (directory !== undefined && typeof directory !== "string") {
    return `the directory of ${quoted(name)} is not a text`;
  }
  if (
    reserved !== undefined && reserved !== "kernel" && reserved !== "file"
  ) {
    return `what is reserved of ${quoted(name)} is neither "kernel" nor "file"`;
  }
  if (allow !== undefined && typeof allow !== "boolean") {
    return `"allow" of ${quoted(name)} is neither true nor false`;
  }
  return {
    name,
    port,
    count,
    // A TomlDate would format itself in its original time zone.
    ...(expires === undefined ? {} : { expires: new Date(expires.getTime()) }),
    ...(directory === undefined ? {} : { directory }),
    ...(reserved === undefined ? {} : { reserved }),
    ...(allow ? { allow } : {}),
  };
}

function isMoment(value: unknown): value is TomlDate {
  return value instanceof TomlDate && !value.isLocal();
}

/** A name as a TOML key, bare if possible. */
export function entryKey(name: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return name;
  return tomlString(name);
}

/** An entry as a line, without the line end. */
export function entryLine(association: Association): string {
  return `${entryKey(association.name)} = ${entryValue(association)}`;
}

/**
 * The value of an entry: just the port, if there is nothing else.
 *
 * @param foreign Foreign keys and values of the entry's table, as written
 * there.
 */
export function entryValue(
  association: Association,
  foreign: readonly string[] = [],
): string {
  const parts = entryParts(association)
    .map(([key, value]) => `${key} = ${value}`);
  return parts.length === 1 && foreign.length === 0
    ? `${association.port}`
    : `{ ${[...parts, ...foreign].join(", ")} }`;
}

/** The keys and values of an entry, the port first. */
export function entryParts(
  { port, count, expires, directory, reserved, allow }: Association,
): [key: string, value: string][] {
  const parts: [string, string][] = [["port", `${port}`]];
  if (count > 1) parts.push(["count", `${count}`]);
  if (expires) parts.push(["expires", rfc3339(expires)]);
  if (directory !== undefined) parts.push(["directory", tomlString(directory)]);
  if (reserved) parts.push(["reserved", `"${reserved}"`]);
  if (allow) parts.push(["allow", "true"]);
  return parts;
}

/**
 * A TOML string in double quotes. Also escapes characters that would break the
 * line or reverse it for a reader.
 */
function tomlString(text: string): string {
  const escaped = text.replace(/["\\]/g, "\\$&").replace(
    CONTROLS,
    (character) =>
      `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

/** A time in TOML's format, to the second. */
export function rfc3339(moment: Date): string {
  return moment.toISOString().replace(/\.\d+Z$/, "Z");
}

/** The keys that port-for uses in an entry's table. */
export const OWN_KEYS = new Set([
  "port",
  "count",
  "expires",
  "directory",
  "reserved",
  "allow",
]);
