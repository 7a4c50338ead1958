import { mayBeSwapped } from "../disk/swapped.ts";
import { isPort, TakenPorts } from "../ports/port_range.ts";
import type { QuickRuntime } from "../runtime/runtime.ts";
import { layersAmong, layersFolder } from "../disk/layer_names.ts";
import { type PlainText, readPlainText } from "../toml/plain_text.ts";
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

/**
 * In bytes, far more than a machine's names take. Larger stores are left to the
 * full program, which may have to refuse them.
 */
export const LARGEST_QUICK = 4 * 1024 * 1024;

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
  machine: Pick<QuickRuntime, "os" | "env">,
): Lookup | undefined {
  const [first, second, ...rest] = args;
  const [store, names] = first === "--store"
    ? [second, rest]
    : [undefined, args];
  if (first === "--store" && (!store || store.startsWith("-"))) return;
  if (names.length === 0) return undefined;
  for (const name of names) if (!isPlainName(name)) return undefined;
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
  if (!hasAll(text + layers.join("\n"), names)) return undefined;
  const own = soundEntries(text);
  if (!own) return undefined;
  const all = [own];
  for (const layer of layers) {
    if (!names.some((name) => layer.includes(name))) continue;
    const plain = readPlainText(layer);
    if (!plain?.bareHead) return undefined;
    all.push(plain.entries);
  }
  let answer = "";
  for (const name of names) {
    let port: number | string | undefined;
    for (const entries of all) port ??= entries.get(name);
    if (typeof port !== "number") return undefined;
    answer += `${port}\n`;
  }
  return answer;
}

/** Whether a text has all names somewhere; if not, its layers may have them. */
export function hasAll(text: string, names: readonly string[]): boolean {
  for (const name of names) if (!text.includes(name)) return false;
  return true;
}

/** Answers a plain lookup; `undefined` for any other call. */
export function lookup(runtime: QuickRuntime): string | undefined {
  const asked = plainLookup(runtime.args, runtime);
  if (!asked) return undefined;
  try {
    const { kind, size } = runtime.stat(asked.path);
    if (kind !== "file" || size > LARGEST_QUICK) return undefined;
    // Reading what may be a FIFO by now needs more care.
    if (mayBeSwapped(asked.path, runtime)) return undefined;
    const text = runtime.readText(asked.path);
    const layers = hasAll(text, asked.names)
      ? []
      : layerTexts(asked.path, runtime);
    if ([text, ...layers].some(isDamaged)) return undefined;
    return answerIn(text, asked.names, layers);
  } catch {
    // The full program runs into the same error and reports it.
    return undefined;
  }
}

function layerTexts(path: string, runtime: QuickRuntime): string[] {
  const folder = layersFolder(path);
  return layersAmong(runtime.readFolder(folder)).map((name) => {
    const file = `${folder}/${name}`;
    const { kind, size } = runtime.stat(file);
    if (kind !== "file" || size > LARGEST_QUICK) throw new Error("odd");
    return runtime.readText(file);
  });
}

/** Whether some of a text may have been something else than UTF-8. */
function isDamaged(text: string): boolean {
  return text.includes("\ufffd");
}

/** The entries of a store; `undefined` if anything in it is unusual. */
function soundEntries(text: string): PlainText["entries"] | undefined {
  const plain = readPlainText(text);
  if (!plain?.bareHead) return undefined;
  const taken = new TakenPorts();
  for (const entry of plain.entries.values()) {
    const isSound = typeof entry === "number"
      ? isPort(entry) && taken.take(entry, entry)
      : takesTable(entry, taken);
    if (!isSound) return undefined;
  }
  return plain.entries;
}

/** Takes the ports of an entry that is a table; false if that cannot be. */
function takesTable(entry: string, taken: TakenPorts): boolean {
  const [, port, count = 1] = (table ??= tablePattern()).exec(entry) ?? [];
  const first = Number(port);
  const last = first + Number(count) - 1;
  return isPort(first) && isPort(last) && taken.take(first, last);
}

let table: RegExp | undefined;

/** Matches an entry that is a table, exactly as port-for writes it. */
function tablePattern(): RegExp {
  const moment = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])` +
    String.raw`T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ`;
  return new RegExp(
    String.raw`^\{ port = ([1-9]\d{0,4})(?:, count = ([1-9]\d{0,4}))?` +
      String.raw`(?:, expires = ${moment})?` +
      String.raw`(?:, directory = "[^"\\\x00-\x1f\x7f]*")?` +
      String.raw`(?:, reserved = "(?:kernel|file)")?(?:, allow = true)? \}$`,
  );
}
