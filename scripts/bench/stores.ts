import type { Program } from "./programs.ts";

/**
 * Ports that no store of the bench holds, so that there is a good one to choose
 * however many names the store has.
 */
const LEFT_FREE = { first: 24_000, last: 32_767 };

/** The text of a store with so many names, which hold a port each. */
export function storeText(format: Program["store"], names: number): string {
  const heading = format === "toml" ? "version = 1\n\n[ports]" : "[DEFAULT]";
  const entries = Array.from(
    { length: names },
    (_, at) => `${nameIn(at)} = ${portOf(at)}`,
  );
  return `${[heading, ...entries].join("\n")}\n`;
}

/** A name that is in every store of so many names. */
export function someNameOf(names: number): string {
  return nameIn(Math.floor(names / 2));
}

/** How many names in a store's text hold a port of their own. */
export function associationsIn(text: string): number {
  const ports = new Map(
    [...text.matchAll(/^([a-z]+\d+) = (\d+)$/gm)]
      .map(([, name, port]) => [name, port]),
  );
  return new Set(ports.values()).size;
}

/** Writes a file, to the disk: who flushes the next one waits for it alone. */
export function writeStore(path: string, text: string): void {
  using file = Deno.openSync(path, {
    write: true,
    create: true,
    truncate: true,
  });
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
  file.syncSync();
}

/** Removes a store and what belongs to it, where they are. */
export function removeStore(path: string): void {
  for (const file of [path, `${path}.lock`]) {
    try {
      Deno.removeSync(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function nameIn(at: number): string {
  return `app${at}`;
}

function portOf(at: number): number {
  const port = 1024 + at;
  if (port < LEFT_FREE.first) return port;
  return port - LEFT_FREE.first + LEFT_FREE.last + 1;
}
