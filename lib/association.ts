import { PortForError, quoted, shown } from "./error.ts";
import { RELEASED } from "./version.ts";
import type { PortRange } from "./ports/port_range.ts";

/** A name and the port, or block of ports, that it holds. */
export interface Association {
  /** The name: see `checkName` for what is valid. */
  readonly name: string;
  /** The port, or the first of the block: 1-65535. */
  readonly port: number;
  /** How many consecutive ports the name holds; 1 unless it is a block. */
  readonly count: number;
  /** When the lease ends. Without it, the association never ends. */
  readonly expires?: Date;
  /** The directory that the name belongs to, if any. */
  readonly directory?: string;
  /**
   * How port-for made Linux keep the ports out of the ephemeral range: `kernel`
   * if it told the running kernel and wrote the sysctl file, `file` if it only
   * wrote the file, because the kernel had been told already.
   */
  readonly reserved?: "kernel" | "file";
  /**
   * The path of the layer that the association comes from, if it is not in the
   * store itself. port-for never writes layers.
   */
  readonly layer?: string;
  /** Set if the port need not be a good one. */
  readonly allow?: true;
}

/** How many characters a name may have. */
export const LONGEST_NAME = 255;

/** The same as `\p{Cc}`, which would take too long to compile for a lookup. */
// deno-lint-ignore no-control-regex
const CONTROL_CHARACTER = /[\x00-\x1f\x7f-\x9f]/;

/** The ports that an association holds. */
export function portsOf({ port, count }: Association): PortRange {
  return { first: port, last: port + count - 1 };
}

/**
 * Whether an association is a lease that has ended. A clock that must be wrong
 * ends no lease.
 */
export function isExpired({ expires }: Association, now = Date.now()): boolean {
  return expires !== undefined && expires.getTime() <= now &&
    !isBeforeRelease(now);
}

/**
 * Whether a time is before this program's release. Then the clock is wrong, as
 * on a machine that has just booted and not yet synchronized its clock.
 */
export function isBeforeRelease(now = Date.now()): boolean {
  return now < Date.parse(RELEASED);
}

/**
 * Whether an association's ports are taken. An expired lease still holds its
 * ports while they are reserved.
 */
export function holdsPorts(association: Association): boolean {
  return !isExpired(association) || association.reserved !== undefined;
}

/**
 * Why a text is not a valid name; `undefined` if it is valid. The names of a
 * checkout begin with its path, which may be as long as the system allows.
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
 * Refuses an invalid name. Names have 1 to 255 characters, any Unicode except
 * control characters, no white space at either end, and no leading `-`. Names
 * from users must be put into Unicode's composed form (NFC) first.
 *
 * @param directory The checkout that it belongs to, if any.
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
 * Puts names into Unicode's composed form: some systems enter an accent as a
 * separate character.
 *
 * @throws {PortForError} `BAD_INPUT` for anything but a list of texts.
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
 * @throws {PortForError} `BAD_INPUT` for anything but text.
 */
export function composedName(name: string): string {
  if (typeof name === "string") return name.normalize();
  throw new PortForError(
    "BAD_INPUT",
    `cannot use ${shown(name)} as a name: it is not text`,
  );
}
