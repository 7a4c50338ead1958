import { mayBeSwapped } from "../disk/swapped.ts";
import { anyOverlap, isPort, type PortRange } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { layersAmong, layersFolder } from "../disk/layer_names.ts";
import { readPlainText } from "../toml/plain_text.ts";
import { storeLocation } from "./store_location.ts";

/**
 * Whether a name is certainly valid and not an option: printable ASCII without
 * blanks at its ends. Written as a loop because compiling a regular expression
 * would take longer.
 */
function isPlainName(name: string): boolean {
  if (name.length === 0 || name.length > 255) return false;
  if (name[0] === "-" || name[0] === " " || name.endsWith(" ")) return false;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** A time as port-for writes it. */
const MOMENT = String
  .raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ`;

/**
 * In bytes, far more than a machine's names take. Larger stores are left to the
 * full program, which may have to refuse them.
 */
export const LARGEST_QUICK = 4 * 1024 * 1024;

/** An entry that is a table, exactly as port-for writes it. */
const TABLE =
  String.raw`^\{ port = ([1-9]\d{0,4})(?:, count = ([1-9]\d{0,4}))?` +
  String.raw`(?:, expires = ${MOMENT})?` +
  String.raw`(?:, directory = "[^"\\\x00-\x1f\x7f]*")?` +
  String.raw`(?:, reserved = "(?:kernel|file)")?(?:, allow = true)? \}$`;

let table: RegExp | undefined;

/** A plain lookup: names and a store. */
export interface Lookup {
  /** The path of the store. */
  readonly path: string;
  /** The names. */
  readonly names: readonly string[];
}

/**
 * Recognizes the most frequent call, `[--store FILE] NAME...`. It is answered
 * without loading the modules that other calls need, because loading them takes
 * longer than the whole lookup.
 *
 * @returns `undefined` for every other call.
 */
export function plainLookup(
  args: readonly string[],
  machine: Pick<Runtime, "os" | "env">,
): Lookup | undefined {
  const [first, second, ...rest] = args;
  const [store, names] = first === "--store"
    ? [second, rest]
    : [undefined, args];
  if (first === "--store" && (!store || store.startsWith("-"))) return;
  if (names.length === 0 || !names.every(isPlainName)) {
    return undefined;
  }
  try {
    const { path } = storeLocation({ store, user: false }, machine);
    return { path, names };
  } catch {
    // The full program runs into the same error and reports it.
    return undefined;
  }
}

/**
 * The answer to a plain lookup.
 *
 * @param text The text of the store.
 * @param layers The texts of its layers, in order, if a name is not in the
 * store.
 * @returns What to print; `undefined` if only the full program can answer.
 */
export function answerIn(
  text: string,
  names: readonly string[],
  layers: readonly string[] = [],
): string | undefined {
  // A quick check: if a name is new, parsing is useless.
  const texts = [text, ...layers];
  const isThere = (name: string) => texts.some((text) => text.includes(name));
  if (!names.every(isThere)) return undefined;
  const ports = portsIn(text, names, layers);
  return ports?.map((port) => `${port}\n`).join("");
}

/** Whether the layers must be read: a name is not in the store itself. */
export function needsLayers(text: string, names: readonly string[]): boolean {
  return !names.every((name) => text.includes(name));
}

/** Answers a plain lookup; `undefined` for any other call. */
export function lookup(runtime: Runtime): string | undefined {
  const asked = plainLookup(runtime.args, runtime);
  if (!asked) return undefined;
  try {
    const { kind, size } = runtime.stat(asked.path);
    if (kind !== "file" || size > LARGEST_QUICK) return undefined;
    // Reading what may be a FIFO by now needs more care.
    if (mayBeSwapped(asked.path, runtime)) return undefined;
    const bytes = runtime.readFile(asked.path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const layers = needsLayers(text, asked.names)
      ? layerTexts(asked.path, runtime)
      : [];
    return answerIn(text, asked.names, layers);
  } catch {
    // The full program runs into the same error and reports it.
    return undefined;
  }
}

function layerTexts(path: string, runtime: Runtime): string[] {
  const folder = layersFolder(path);
  return layersAmong(runtime.readFolder(folder)).map((name) => {
    const file = `${folder}/${name}`;
    const { kind, size } = runtime.stat(file);
    if (kind !== "file" || size > LARGEST_QUICK) throw new Error("odd");
    return new TextDecoder("utf-8", { fatal: true })
      .decode(runtime.readFile(file));
  });
}

/** The ports of names; `undefined` if anything in the store is unusual. */
function portsIn(
  text: string,
  names: readonly string[],
  layers: readonly string[],
): number[] | undefined {
  const plain = readPlainText(text);
  if (!plain?.bareHead) return undefined;
  const blocks: PortRange[] = [];
  for (const entry of plain.entries.values()) {
    const block = blockOf(entry);
    if (!block) return undefined;
    blocks.push(block);
  }
  if (anyOverlap(blocks)) return undefined;
  const below = layers
    .filter((layer) => names.some((name) => layer.includes(name)))
    .map(readPlainText);
  if (!below.every((layer) => layer?.bareHead)) return undefined;
  const entries = [plain, ...below].map((layer) => layer!.entries);
  const ports = names.map((name) =>
    entries.find((entries) => entries.has(name))?.get(name)
  );
  return ports.every((port) => typeof port === "number") ? ports : undefined;
}

/** The ports of an entry; `undefined` if it has an unusual form. */
function blockOf(entry: number | string): PortRange | undefined {
  const [, port, count = 1] = typeof entry === "number"
    ? [entry, entry]
    : (table ??= new RegExp(TABLE)).exec(entry) ?? [];
  const first = Number(port);
  const last = first + Number(count) - 1;
  return isPort(first) && isPort(last) ? { first, last } : undefined;
}
