import { portsIn } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Association, portsOf } from "../association.ts";
import type { Checkout } from "../machine/checkout.ts";
import type { Policy } from "../place.ts";
import { listed, type ListOptions } from "../store/list.ts";
import type { Store } from "../store/store.ts";
import type { CommandLine } from "./command_line.ts";
import { jsonText } from "./text.ts";

/** One run of port-for: what a command works with. */
export interface Call {
  /** The parsed command line. */
  readonly line: CommandLine;
  /** The store to work on. */
  readonly store: Store;
  /** The machine. */
  readonly runtime: Runtime;
  /** The checkout, with `--here`. */
  readonly checkout?: Checkout;
}

/** The valid content of a store. */
export interface StoreContent {
  /** Its associations, in the store's order. */
  readonly associations: Association[];
  /** Its `[policy]`. */
  readonly policy: Policy;
  /** The associations of its layers, including overridden ones. */
  readonly layered: readonly Association[];
}

/** Reads the store of a call. By default its problems become warnings. */
export async function readStore(
  { store }: Call,
  options: ListOptions = {},
): Promise<StoreContent> {
  const view = await store.place.read([]);
  const how = { onProblem: store.warn, ...options };
  const associations = listed(await view.all(), view, how);
  return { associations, policy: view.policy, layered: view.layered?.() ?? [] };
}

/**
 * Names with their ports, as printed by `--json`; a block of ports is a list.
 * With `--list`, an association from a layer names the layer.
 */
export type NamedPorts = Readonly<
  Record<
    string,
    | number
    | readonly number[]
    | {
      readonly port: number | readonly number[];
      readonly layer: string;
    }
  >
>;

/** A name as the caller wrote it, and its association. */
export type Named = readonly [name: string, association: Association];

/** Prints the ports of names, one per line or as JSON. */
export function printPorts(
  { line, runtime }: Call,
  named: readonly Named[],
): void {
  if (line.has("json")) runtime.writeOut(namedPortsJson(named));
  else {
    const ports = named.flatMap(([, association]) => portList(association));
    runtime.writeOut(ports.map((port) => `${port}\n`).join(""));
  }
}

/** `NamedPorts` as a line of JSON. */
export function namedPortsJson(named: readonly Named[]): string {
  return jsonObject(
    named.map(([name, association]) => [name, jsonPorts(association)]),
  );
}

function jsonPorts(association: Association): number | number[] {
  return association.count === 1 ? association.port : portList(association);
}

/** The same for `--list`, which also tells the layer. */
export function listedPortsJson(associations: readonly Association[]): string {
  return jsonObject(associations.map((association) => {
    const { name, layer } = association;
    const port = jsonPorts(association);
    return [name, layer === undefined ? port : { port, layer }];
  }));
}

/** The ports that an association holds, one by one. */
export function portList(association: Association): number[] {
  return portsIn(portsOf(association));
}

/**
 * A line of JSON with the keys in the given order: JSON.stringify would put
 * names that look like numbers first.
 */
function jsonObject(
  pairs: readonly (readonly [key: string, value: unknown])[],
): string {
  const members = [...new Map(pairs)].map(([key, value]) =>
    `${jsonText(key)}:${jsonText(value)}`
  );
  return `{${members.join(",")}}\n`;
}
