/**
 * Stores that something has gnawed at: each mutation is made from a seed and a
 * number, so that one that does harm can be made again.
 *
 * @module
 */
import { parse, TomlDate, TomlError } from "smol-toml";
import { type Document, readDocument } from "../../lib/toml/document.ts";
import { editDocument, EditError } from "../../lib/toml/document_edit.ts";
import { NotTomlError } from "../../lib/toml/meaning.ts";
import { mulberry32 } from "../../lib/ports/candidates.ts";

/** Stores in every style that there is. */
export const VALID: readonly string[] = [
  "",
  "# nothing yet\n",
  `# port-for: which name holds which port on this machine
version = 1

[policy]                      # optional: what this site wants
range = "20000-29999"
exclude = ["25565", "27015-27030"]

[ports]
"example.com/apache" = 21553
web = 24017                   # the shop: ask Ops before you touch it
render = { port = 25100, count = 4, expires = 2026-12-01T00:00:00Z }
`,
  "\ufeff[ports]\r\na = 2000 # one\r\n\"b c\" = 2_001\r\n'd.e' = 0x7d2\r\n",
  'ports = { a = 2000, "b" = { port = 2001, note = "#]}" } } # all\n[x]\ny = 1\n',
  "ports.a = 2000\nports.'b.c' = 2001 # two\nx = [\n  1, # }\n  2,\n]\n",
  "[ports.a]\nport = 2000\n# in between\n[ports.b]\nport = 2001\ncount = 3\n",
  '[ports]\na.port = 2000\na.count = 2\nb = { port = 2010, "x" = [1, 2] }',
  "motto = \"\"\"\n[ports]\nweb = 1\n\"\"\"\nother = '''\n# no'''\n[ports]\nweb = 1024\n",
  '[ports]\n"\\u00e9\\U0001F600" = 2000\n"e\u0301" = 2001\n"\\"\\\\" = 2002\n',
  "[[list]]\nports = 1\n[[list]]\n[list.ports]\nweb = 2\n[ports]\n__proto__ = 2000\nconstructor = 2001\n",
];

/** What means something in a store. */
const TOKENS = [
  ...['"', "'", '"""', "'''", "[", "]", "[[", "]]", "{", "}", "=", ".", ","],
  ...["#", "\n", "\r\n", "\r", "\t", " ", "\\", "\\u", "\\U0010FFFF", "\\x41"],
  ...["ports", "[ports]", "[ports.web]", "ports = {}", "port", "count = 70000"],
  ...["expires = 2026-02-30T25:61:61Z", "1979-05-27 07:32:00", "version = 2"],
  ...["__proto__", "constructor", "true", "nan", "-inf", "1e309", "0x", "1_"],
  ...["99999999999999999999", "-1", "0", "65536", "2000", "\ufeff", "\u2028"],
  ...["\0", "\x7f", "\ud800", "\u{1f600}", "web = 24017\n", "a = 2000\n"],
];

/** Mutation number `at` of a seed: the bytes of what was a store. */
export function mutation(seed: number, at: number): Uint8Array<ArrayBuffer> {
  const random = mulberry32(Math.imul(seed, 0x9e3779b1) + at);
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = new TextEncoder().encode(VALID[below(VALID.length)]!);
  for (let times = 1 + below(below(4) + 1); times > 0; times--) {
    const start = below(bytes.length + 1);
    const end = Math.min(bytes.length, start + 1 + below(12));
    const part = bytes.subarray(start, end);
    switch (below(8)) {
      case 0:
        bytes = spliced(bytes, start, end, flipped(part, below(8)));
        break;
      case 1:
        bytes = spliced(bytes, start, start + 1, [below(256)]);
        break;
      case 2:
      case 3: {
        const token = TOKENS[below(TOKENS.length)]!;
        const over = random() < 0.5 ? start : end;
        const inserted = new TextEncoder().encode(token);
        bytes = spliced(bytes, start, over, inserted);
        break;
      }
      case 4:
        bytes = spliced(bytes, start, end, []);
        break;
      case 5:
        bytes = spliced(bytes, end, end, part);
        break;
      case 6: {
        const to = below(bytes.length + 1);
        bytes = spliced(bytes, to, to, bytes.slice(start, start + 40));
        break;
      }
      case 7:
        bytes = bytes.slice(0, start);
    }
  }
  return bytes;
}

function spliced(
  bytes: Uint8Array,
  start: number,
  end: number,
  inserted: Iterable<number>,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...bytes.subarray(0, start),
    ...inserted,
    ...bytes.subarray(end),
  ]);
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, at) => at === 0 ? byte ^ (1 << bit) : byte);
}

/** What the text of a mutation turned out to be. */
export type Kind = "no TOML" | "unsound" | "sound";

/**
 * Reads a text, and changes it where it may be changed; throws an error that
 * says what was wrong with that, by what TOML's parser thinks of it.
 */
export function checkText(text: string): Kind {
  let document: Document;
  const meaning = tomlOf(text);
  try {
    document = readDocument(text);
  } catch (error) {
    if (!(error instanceof NotTomlError)) throw error;
    const { line, column } = error.problem;
    demand(meaning === undefined, "it is TOML, but called none");
    demand(line >= 1 && column >= 1, `it is wrong at ${line}:${column}`);
    return "no TOML";
  }
  if (meaning === undefined) throw new Error("it is no TOML, but was read");
  const lines = text.split("\n").length;
  for (const { line, column } of document.problems) {
    demand(
      line >= 1 && line <= lines && column >= 1,
      `there is no line ${line}, column ${column}`,
    );
  }
  const holders = new Set<number>();
  for (const { port, count } of document.associations.values()) {
    for (let each = port; each < port + count; each++) {
      demand(
        Number.isInteger(each) && each >= 1 && each <= 65535 &&
          !holders.has(each),
        `port ${each} was believed`,
      );
      holders.add(each);
    }
  }
  if (document.problems.length > 0) return "unsound";
  demand(
    Object.keys(portsOf(meaning)).length === document.associations.size,
    "entries were overlooked",
  );
  checkEdits(document, meaning);
  return "sound";
}

type Toml = Record<string, unknown>;

function tomlOf(text: string): Toml | undefined {
  try {
    return parse(text.replace(/^\ufeff/, ""), { integersAsBigInt: "asNeeded" });
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

function portsOf({ ports = {} }: Toml): Toml {
  return ports as Toml;
}

/** Adds an entry, changes one and takes one away. */
function checkEdits(document: Document, before: Toml): void {
  const names = [...document.associations.keys()];
  const [first, last] = [names[0], names.at(-1)];
  const free = 40000;
  const added = { name: "added \"#'", port: free, count: 1 };
  if (!names.includes(added.name)) {
    const { text } = document;
    const after = edited(document, before, [added.name, added]);
    if (after !== undefined && !/^\s*"?'?ports'?"?\s*=/m.test(text)) {
      demand(isInsertion(text, after), "more than an entry was added");
    }
  }
  if (first !== undefined) {
    const after = edited(document, before, [first, undefined]);
    if (after !== undefined && !/^\s*"?'?ports'?"?\s*=/m.test(document.text)) {
      demand(isPart(after, document.text), "more than an entry was removed");
    }
  }
  if (last !== undefined) {
    const own = document.associations.get(last)!;
    edited(document, before, [last, { ...own, port: free }]);
  }
}

/** The edited text; `undefined` where the edit was refused. */
function edited(
  document: Document,
  before: Toml,
  change: Parameters<typeof editDocument>[1] extends
    ReadonlyMap<infer K, infer V> ? [K, V]
    : never,
): string | undefined {
  let after: string;
  try {
    after = editDocument(document, new Map([change]));
  } catch (error) {
    if (error instanceof EditError) return undefined;
    throw error;
  }
  const [name, association] = change;
  const meaning = tomlOf(after);
  if (meaning === undefined) throw new Error("an edit made it no TOML");
  const others = (toml: Toml) => ({ ...toml, ports: undefined });
  demand(same(others(before), others(meaning)), "an edit changed other keys");
  const [was, is] = [portsOf(before), portsOf(meaning)];
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (key === name) continue;
    demand(
      Object.hasOwn(was, key) && Object.hasOwn(is, key) &&
        same(was[key], is[key]),
      `an edit of ${name} changed ${key}`,
    );
  }
  const entry = Object.hasOwn(is, name) ? is[name] : undefined;
  const port = typeof entry === "object" ? (entry as Toml).port : entry;
  demand(port === association?.port, `an edit of ${name} did something else`);
  return after;
}

function demand(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof TomlDate || b instanceof TomlDate) {
    return String(a) === String(b);
  }
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const keys = Object.keys(a);
  return Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) && same((a as Toml)[key], (b as Toml)[key])
    );
}

/** Whether a text is another one with something put into one place of it. */
function isInsertion(text: string, longer: string): boolean {
  let start = 0;
  while (start < text.length && text[start] === longer[start]) start++;
  return longer.endsWith(text.slice(start)) && longer.length >= text.length;
}

/** Whether all the lines of a text are lines of another one, in order. */
function isPart(text: string, longer: string): boolean {
  const lines = linesOf(longer);
  let at = 0;
  return linesOf(text).every((line) => {
    while (at < lines.length && lines[at] !== line) at++;
    return at++ < lines.length;
  });
}

function linesOf(text: string): string[] {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
