import { isPort, type PortRange } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Claim, type Claims, claimsIn, mentions } from "./claim.ts";

/**
 * Where systemd looks for units, highest precedence first (systemd.unit(5), the
 * search path of the system manager).
 */
const FOLDERS = [
  "/etc/systemd/system.control",
  "/run/systemd/system.control",
  "/run/systemd/transient",
  "/run/systemd/generator.early",
  "/etc/systemd/system",
  "/etc/systemd/system.attached",
  "/run/systemd/system",
  "/run/systemd/system.attached",
  "/run/systemd/generator",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
  "/run/systemd/generator.late",
];

/**
 * The ports of installed systemd socket units, active or not. Units that cannot
 * be read claim nothing.
 */
export class SocketUnits implements Claims {
  readonly #units: readonly Unit[];
  #claims: readonly Claim[] | undefined;

  /** @param runtime The machine. */
  constructor(runtime: Runtime) {
    this.#units = runtime.os === "linux" ? readUnits(runtime) : [];
  }

  on(range: PortRange): readonly Claim[] {
    const isMentioned = this.#units.some(({ texts }) =>
      texts.some((text) => mentions(text, range))
    );
    return isMentioned ? claimsIn(range, this.all()) : [];
  }

  all(): readonly Claim[] {
    return this.#claims ??= this.#units.flatMap(claimsOf);
  }
}

/** A unit, with the texts of its file and its drop-ins, in this order. */
interface Unit {
  readonly name: string;
  readonly texts: readonly string[];
}

function claimsOf({ name, texts }: Unit): Claim[] {
  const ranges = listenPorts(texts)
    .map((port) => ({ first: port, last: port }));
  return ranges.length === 0
    ? []
    : [{ ranges, kind: "socket unit", by: name, text: `claimed by ${name}` }];
}

function readUnits(runtime: Runtime): Unit[] {
  const listings = new Map<string, readonly string[]>();
  for (const folder of foldersOf(runtime)) {
    const names = namesIn(folder, runtime)
      .filter((name) => /\.socket$|^(?:.+\.)?socket\.d$/.test(name));
    if (names.length > 0) listings.set(folder, names);
  }
  const units: Unit[] = [];
  for (const [name, path] of firstOfEach(listings, ".socket")) {
    const text = textOf(path, runtime);
    // A link to /dev/null, or an empty file, masks the unit.
    if (!text) continue;
    const more = dropInsOf(name, listings, runtime)
      .flatMap((path) => textOf(path, runtime) ?? []);
    units.push({ name, texts: [text, ...more] });
  }
  return units;
}

/** Usually /lib is a link to /usr/lib; then read that folder only once. */
function foldersOf(runtime: Runtime): readonly string[] {
  try {
    const isSame = runtime.readLink("/lib").endsWith("usr/lib");
    return isSame
      ? FOLDERS.filter((folder) => folder !== "/lib/systemd/system")
      : FOLDERS;
  } catch {
    return FOLDERS;
  }
}

type Listings = ReadonlyMap<string, readonly string[]>;

/** The path of each file name, in the first folder that has it. */
function firstOfEach(listings: Listings, ending: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const [folder, names] of listings) {
    for (const name of names) {
      if (!name.endsWith(ending) || paths.has(name)) continue;
      paths.set(name, `${folder}/${name}`);
    }
  }
  return paths;
}

/**
 * The drop-ins of a unit, in the order in which they apply: by file name. For
 * `a-b.socket` they include those in `a-.socket.d` and `socket.d`.
 */
function dropInsOf(
  unit: string,
  listings: Listings,
  runtime: Runtime,
): string[] {
  const folders = new Map<string, readonly string[]>();
  for (const dropIns of dropInFolders(unit)) {
    for (const [folder, names] of listings) {
      if (!names.includes(dropIns) || folders.has(`${folder}/${dropIns}`)) {
        continue;
      }
      const path = `${folder}/${dropIns}`;
      folders.set(path, namesIn(path, runtime));
    }
  }
  const files = [...firstOfEach(folders, ".conf")];
  return files.sort(([a], [b]) => a < b ? -1 : 1).map(([, path]) => path);
}

function dropInFolders(unit: string): string[] {
  const stem = unit.slice(0, -".socket".length);
  const prefixes: string[] = [];
  for (
    let at = stem.lastIndexOf("-");
    at > 0;
    at = stem.lastIndexOf("-", at - 1)
  ) {
    prefixes.push(`${stem.slice(0, at)}-.socket.d`);
  }
  return [`${unit}.d`, ...prefixes, "socket.d"];
}

/** The TCP and UDP ports that a unit's texts set, one text after another. */
function listenPorts(texts: readonly string[]): number[] {
  let ports: number[] = [];
  for (const [key, value] of texts.flatMap(socketSettings)) {
    if (!key.startsWith("Listen")) continue;
    // An empty value resets all Listen settings, of every kind.
    if (value === "") ports = [];
    if (key !== "ListenStream" && key !== "ListenDatagram") continue;
    const port = portOf(value);
    if (port !== undefined) ports.push(port);
  }
  return [...new Set(ports)];
}

/** The settings of the `[Socket]` section (systemd.syntax(7)). */
function socketSettings(text: string): [key: string, value: string][] {
  const settings: [string, string][] = [];
  let section = "";
  for (const line of wholeLines(text)) {
    if (line.startsWith("[")) section = line;
    const at = line.indexOf("=");
    if (section !== "[Socket]" || at === -1) continue;
    settings.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return settings;
}

/**
 * The lines without comments. A backslash at the end joins a line with the
 * next, even across comments; a comment cannot be continued.
 */
function* wholeLines(text: string): Generator<string> {
  let whole = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    whole += line;
    // A double backslash is a literal one.
    if (/(?<!\\)(?:\\\\)*\\$/.test(line)) {
      whole = `${whole.slice(0, -1)} `;
      continue;
    }
    yield whole.trim();
    whole = "";
  }
}

/**
 * The port in `8080`, `127.0.0.1:8080`, `[::1]:8080` or `[fe80::1]:8080%%eth0`;
 * `undefined` for a path, a name, `vsock:` and anything with specifiers (a
 * single `%`).
 */
function portOf(value: string): number | undefined {
  const [, digits] =
    /^(?:(?:\d+(?:\.\d+){3}|\[[0-9A-Fa-f:.]+\]):)?(\d{1,5})(?:%%[\w.-]+)?$/
      .exec(value) ?? [];
  const port = Number(digits);
  return isPort(port) ? port : undefined;
}

function namesIn(folder: string, runtime: Runtime): string[] {
  try {
    return runtime.readFolder(folder);
  } catch {
    return [];
  }
}

/** The text of a file; `undefined` if it is not a regular file. */
function textOf(path: string, runtime: Runtime): string | undefined {
  try {
    if (runtime.stat(path).kind !== "file") return undefined;
    return new TextDecoder().decode(runtime.readFile(path));
  } catch {
    return undefined;
  }
}
