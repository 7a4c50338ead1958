import { anyOverlap, isPort, type PortRange } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { readPlainText } from "../toml/plain_text.ts";
import { storeLocation } from "./store_location.ts";

/** Names that are valid for sure, and no options. */
const PLAIN_NAME = /^(?!-)[!-~](?:[ -~]{0,253}[!-~])?$/;

/** A moment as port-for writes it. */
const MOMENT =
  /\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ/;

/** In bytes: all the names that a machine may have are far below it. */
const LARGEST_QUICK = 4 * 1024 * 1024;

/** An entry that is a table, as port-for writes it, to its end. */
const TABLE = new RegExp(
  String.raw`^\{ port = ([1-9]\d{0,4})(?:, count = ([1-9]\d{0,4}))?` +
    String.raw`(?:, expires = ${MOMENT.source})?` +
    String.raw`(?:, directory = "[^"\\\x00-\x1f\x7f]*")?` +
    String.raw`(?:, reserved = "(?:kernel|file)")? \}$`,
);

/**
 * The answer to the most frequent call of all, `[--store FILE] NAME...` with
 * names that have a port, without loading what every other call needs: that
 * takes longer than all that is done here.
 *
 * @returns What to print; `undefined` where it takes more to answer, or to say
 * what is wrong.
 */
export function lookup(runtime: Runtime): string | undefined {
  const [first, second, ...rest] = runtime.args;
  const [store, names] = first === "--store"
    ? [second, rest]
    : [undefined, runtime.args];
  if (first === "--store" && (!store || store.startsWith("-"))) return;
  if (names.length === 0 || !names.every((name) => PLAIN_NAME.test(name))) {
    return undefined;
  }
  try {
    const { path } = storeLocation({ store, user: false }, runtime);
    const { kind, size } = runtime.stat(path);
    // A large store is for those who know how to refuse one.
    if (kind !== "file" || size > LARGEST_QUICK) return undefined;
    const bytes = runtime.readFile(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // Where a name is new, reading all the others would be in vain.
    if (!names.every((name) => text.includes(name))) return undefined;
    const ports = portsIn(text, names);
    return ports?.map((port) => `${port}\n`).join("");
  } catch {
    // Whoever takes over finds the same, and says it.
    return undefined;
  }
}

/** The ports of names in a sound store; `undefined` where anything is odd. */
function portsIn(
  text: string,
  names: readonly string[],
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
  const ports = names.map((name) => plain.entries.get(name));
  return ports.every((port) => typeof port === "number") ? ports : undefined;
}

/** The ports of an entry; `undefined` where that takes more to tell. */
function blockOf(entry: number | string): PortRange | undefined {
  const [, port, count = 1] = typeof entry === "number"
    ? [entry, entry]
    : TABLE.exec(entry) ?? [];
  const first = Number(port);
  const last = first + Number(count) - 1;
  return isPort(first) && isPort(last) ? { first, last } : undefined;
}
