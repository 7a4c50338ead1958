import { PortForError, quoted, shown } from "./error.ts";
import { RELEASED } from "./version.ts";
import type { PortRange } from "./ports/port_range.ts";

/** A name and the port, or block of ports, that it holds. */
export interface Association {
  /** The name: see `checkName` for what is valid. */
  readonly name: string;
  /** The port, or the first of the block: 1-65535. */
  readonly port: number;
  /** How many consecutive ports the name holds; 1 but for blocks. */
  readonly count: number;
  /** When a lease ends; without it the association is for good. */
  readonly expires?: Date;
  /** The directory that the name belongs to, if it belongs to one. */
  readonly directory?: string;
  /**
   * What port-for told Linux, to keep the ports out of the ephemeral range:
   * `kernel` for the running kernel and the sysctl file, `file` for the file
   * alone, where the kernel knew already. Without it, nothing.
   */
  readonly reserved?: "kernel" | "file";
  /**
   * The file below the store that says so, where it is not the store itself:
   * port-for never writes that.
   */
  readonly layer?: string;
  /** Set where somebody knows that the port is not a good one. */
  readonly allow?: true;
}

/** The most characters a name may have. */
export const LONGEST_NAME = 255;

/** `\p{Cc}`, which takes longer to compile than a lookup has. */
// deno-lint-ignore no-control-regex
const CONTROL_CHARACTER = /[\x00-\x1f\x7f-\x9f]/;

/** The ports that an association holds. */
export function portsOf({ port, count }: Association): PortRange {
  return { first: port, last: port + count - 1 };
}

/**
 * Whether an association is a lease that has ended. A clock that is surely wrong
 * ends none.
 */
export function isExpired({ expires }: Association, now = Date.now()): boolean {
  return expires !== undefined && expires.getTime() <= now &&
    !isBeforeRelease(now);
}

/**
 * Whether a clock says a time at which this program did not exist: that of
 * a machine that has just booted, and that no time server has told yet.
 */
export function isBeforeRelease(now = Date.now()): boolean {
  return now < Date.parse(RELEASED);
}

/**
 * Whether nobody else may have an association's ports: a lease that has ended,
 * but whose ports are reserved, still has them.
 */
export function holdsPorts(association: Association): boolean {
  return !isExpired(association) || association.reserved !== undefined;
}

/**
 * Why a text is not a valid name; `undefined` where it is one. The names of
 * a checkout begin with its path, which may be as long as the system allows.
 */
export function nameProblem(
  name: string,
  directory?: string,
): string | undefined {
  if (name === "") return "it is empty";
  const own = directory !== undefined && name.startsWith(directory)
    ? name.slice(directory.length)
    : name;
  const length = [...own].length;
  if (length > LONGEST_NAME) {
    return `it has ${length} characters, more than ${LONGEST_NAME}`;
  }
  if (!name.isWellFormed()) return "it is not valid Unicode";
  if (own.normalize() !== own) {
    return "it is not in Unicode's composed form (NFC)";
  }
  if (CONTROL_CHARACTER.test(name)) return "it has control characters in it";
  if (name.trim() !== name) return "it begins or ends with white space";
  if (name.startsWith("-")) return 'it begins with "-", as options do';
  return undefined;
}

/**
 * Refuses what is not a valid name: names have 1 to 255 characters, any Unicode
 * but control characters, no white space at either end, and no leading `-`.
 * Whoever takes names from people puts them into Unicode's composed form (NFC)
 * first.
 *
 * @param directory The checkout that it belongs to, if it does.
 * @throws {PortForError} `BAD_INPUT`, with the reason.
 */
export function checkName(name: string, directory?: string): void {
  const problem = nameProblem(name, directory);
  if (problem === undefined) return;
  const shown = [...name].length > 60
    ? `${[...name].slice(0, 60).join("")}…`
    : name;
  throw new PortForError(
    "BAD_INPUT",
    `cannot use ${quoted(shown)} as a name: ${problem}`,
  );
}

/**
 * Names as a caller may write them, in Unicode's composed form: some systems
 * type an accent as a character of its own.
 *
 * @throws {PortForError} `BAD_INPUT` for what is no list of texts.
 */
export function composedNames(names: readonly string[]): string[] {
  if (!Array.isArray(names)) {
    throw new PortForError(
      "BAD_INPUT",
      `cannot use ${shown(names)} as names: it is neither text nor a list`,
    );
  }
  return names.map(composedName);
}

/**
 * The same for one name.
 *
 * @throws {PortForError} `BAD_INPUT` for what is no text.
 */
export function composedName(name: string): string {
  if (typeof name === "string") return name.normalize();
  throw new PortForError(
    "BAD_INPUT",
    `cannot use ${shown(name)} as a name: it is not text`,
  );
}
