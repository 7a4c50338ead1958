import { portsIn } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Association, portsOf } from "../association.ts";
import type { Checkout } from "../machine/checkout.ts";
import type { Policy } from "../place.ts";
import { listed, type ListOptions } from "../store/list.ts";
import type { Store } from "../store/store.ts";
import type { CommandLine } from "./command_line.ts";
import { jsonText } from "./text.ts";

/** One call of port-for: what a command works with. */
export interface Call {
  /** What was asked. */
  readonly line: CommandLine;
  /** The store that it is about. */
  readonly store: Store;
  /** The machine that it runs on. */
  readonly runtime: Runtime;
  /** The checkout that it is about, with `--here`. */
  readonly checkout?: Checkout;
}

/** What a store says, as far as it is sound. */
export interface StoreContent {
  /** Its associations, in its order. */
  readonly associations: Association[];
  /** Its `[policy]`. */
  readonly policy: Policy;
  /** What layers below it say, whether or not it counts. */
  readonly layered: readonly Association[];
}

/** Reads the store of a call; by default what is wrong with it is a warning. */
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
 * Names with their ports, as `--json` prints them for names and for `--list`; a
 * block of ports is a list. With `--list`, what stands in a layer says so.
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

/** A name as the caller wrote it, and what it holds. */
export type Named = readonly [name: string, association: Association];

/** Prints the ports of names: a line each, or as JSON. */
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

/** The same for `--list`, where it counts what stands in which file. */
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
 * A line of JSON with the keys in the order given: an object would put names
 * that look like numbers first.
 */
function jsonObject(
  pairs: readonly (readonly [key: string, value: unknown])[],
): string {
  const members = [...new Map(pairs)].map(([key, value]) =>
    `${jsonText(key)}:${jsonText(value)}`
  );
  return `{${members.join(",")}}\n`;
}
