import type { Runtime } from "../runtime/runtime.ts";
import type { PortStore } from "../store/port_store.ts";
import type { CommandLine } from "./command_line.ts";

/** One call of port-for: what a command works with. */
export interface Call {
  /** What was asked. */
  readonly line: CommandLine;
  /** The store that it is about. */
  readonly store: PortStore;
  /** The machine that it runs on. */
  readonly runtime: Runtime;
}

/** Names with their ports, as `--json` prints them for names and `--list`. */
export type NamedPorts = Readonly<Record<string, number>>;

/** Prints names with their ports: the ports alone, or all as JSON. */
export function printPorts(
  { line, runtime }: Call,
  names: readonly string[],
  ports: readonly number[],
): void {
  if (line.has("json")) {
    const pairs = names.map((name, at) => [name, ports[at]!] as const);
    runtime.writeOut(jsonObject(pairs));
  } else {
    runtime.writeOut(ports.map((port) => `${port}\n`).join(""));
  }
}

/**
 * A line of JSON with the keys in the order given: an object would put names
 * that look like numbers first.
 */
export function jsonObject(
  pairs: readonly (readonly [key: string, value: unknown])[],
): string {
  const members = [...new Map(pairs)].map(([key, value]) =>
    `${JSON.stringify(key)}:${JSON.stringify(value)}`
  );
  return `{${members.join(",")}}\n`;
}
