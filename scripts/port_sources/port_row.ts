import type { PortRange } from "../../lib/ports/port_range.ts";

/** An entry of a source, about a port or range. */
export interface PortRow extends PortRange {
  /** The short name of a service; empty if the source gives none. */
  readonly name: string;
  /** What the port is for, on one line. */
  readonly description: string;
  /** Its transports, such as `tcp`; may be empty. */
  readonly transports: readonly string[];
}

/** A source: its rows and its date (YYYY-MM-DD). */
export interface PortSource {
  readonly state: string;
  readonly rows: readonly PortRow[];
}

/** Parses `80` or `8000-8009`; `undefined` for any other text. */
export function readPorts(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?$/.exec(text.trim());
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  return first <= last && last <= 65535 ? { first, last } : undefined;
}

/** The text on one line, without white space at its ends. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/**
 * Merges rows with the same ports and name (or description, without a name),
 * because sources list a service once per transport. Sorted by port.
 */
export function merged(rows: readonly PortRow[]): PortRow[] {
  const byMeaning = new Map<string, PortRow>();
  for (const row of rows) {
    const { first, last, name, description } = row;
    const key = JSON.stringify([first, last, name || description]);
    const before = byMeaning.get(key);
    const transports = [...before?.transports ?? [], ...row.transports];
    byMeaning.set(key, {
      ...(before ?? row),
      transports: [...new Set(transports)],
    });
  }
  return [...byMeaning.values()].sort((a, b) =>
    a.first - b.first || a.last - b.last
  );
}
