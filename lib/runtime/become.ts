/**
 * Replaces this process with another program by `execvp(3)`: what is the same
 * on both engines, including restoring what they changed.
 *
 * @module
 */
import { systemError } from "./runtime.ts";

/** The functions of the C library that this needs. */
export interface CLibraryForExec {
  /** The address of the first byte. */
  addressOf(bytes: Uint8Array): number | bigint;
  execvp(file: Uint8Array, args: Uint8Array): number;
  setenv(name: Uint8Array, value: Uint8Array, overwrite: number): number;
  unsetenv(name: Uint8Array): number;
  /** The handler is 0 for the default, 1 to ignore the signal. */
  signal(signal: number, handler: number): unknown;
  fcntl(descriptor: number, command: number, value: number): number;
  setrlimit(resource: number, limits: Uint8Array): number;
  errno(): number;
}

/** The limits on how many files a process may have open. */
export interface OpenFileLimits {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** What to restore before the other program starts. */
export interface ToPutBack {
  /** Signals that the engine changed, with 0 for the default or 1 to ignore. */
  readonly signals: readonly (readonly [signal: number, handler: 0 | 1])[];
  /** Descriptors that this process inherited and must pass on. */
  readonly descriptors: readonly number[];
  /** The open-file limits that this process was started with. */
  readonly openFiles?: OpenFileLimits | undefined;
}

const F_SETFD = 2;

/**
 * Becomes another program. As with `execvp(3)`, PATH is searched and a script
 * without `#!` is run by the shell.
 *
 * @param args The arguments, byte for byte; the first is the program.
 * @param environment Variables to set. Each replaces all variables of that
 * name.
 * @throws an error with the system's code if it cannot be run.
 */
export function becomeProgram(
  args: readonly Uint8Array[],
  environment: Readonly<Record<string, string>>,
  { signals, descriptors, openFiles }: ToPutBack,
  library: CLibraryForExec,
): never {
  for (const [name, value] of Object.entries(environment)) {
    // If a name occurs twice, programs disagree about which one counts.
    library.unsetenv(cString(name));
    library.setenv(cString(name), cString(value), 1);
  }
  for (const [signal, handler] of signals) library.signal(signal, handler);
  for (const descriptor of descriptors) library.fcntl(descriptor, F_SETFD, 0);
  if (openFiles) limitOpenFiles(openFiles, library);
  const strings = args.map((arg) => Uint8Array.of(...arg, 0));
  const addresses = [
    ...strings.map((string) => BigInt(library.addressOf(string))),
    0n,
  ];
  const list = new Uint8Array(new BigUint64Array(addresses).buffer);
  library.execvp(strings[0]!, list);
  throw systemError(library.errno(), "execvp");
}

function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** `RLIMIT_NOFILE` on Linux. */
const RLIMIT_NOFILE = 7;

function limitOpenFiles(
  { soft, hard }: OpenFileLimits,
  library: CLibraryForExec,
): void {
  const pair = new BigUint64Array([soft, hard]);
  library.setrlimit(RLIMIT_NOFILE, new Uint8Array(pair.buffer));
}

/**
 * The open-file limits that this process was started with, as far as Linux
 * tells. Both engines raise the soft limit to the hard one. If the parent has
 * the same hard limit, we inherited its soft limit.
 *
 * @param own The text of /proc/self/limits.
 * @param parents The same for the parent.
 */
export function originalLimits(
  own: string,
  parents: string,
): OpenFileLimits | undefined {
  const [mine, theirs] = [own, parents].map(openFileLimits);
  const isRaised = mine && theirs && mine.hard === theirs.hard &&
    theirs.soft < mine.soft;
  return isRaised ? theirs : undefined;
}

function openFileLimits(text: string): OpenFileLimits | undefined {
  const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(text) ?? [];
  return soft && hard ? { soft: BigInt(soft), hard: BigInt(hard) } : undefined;
}

const SIGINT = 2;
const SIGQUIT = 3;

/**
 * Signals that were ignored before the engine began to catch them. A shell
 * makes a background job ignore both SIGINT and SIGQUIT, so an ignored SIGQUIT
 * tells about SIGINT.
 *
 * @param status The text of /proc/self/status.
 */
export function ignoredBefore(status: string): (readonly [number, 1])[] {
  const has = (field: string, signal: number) => {
    const [, mask = "0"] = new RegExp(`^${field}:\\s*([0-9a-f]+)`, "m")
      .exec(status) ?? [];
    return (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n;
  };
  return has("SigIgn", SIGQUIT) && has("SigCgt", SIGINT) ? [[SIGINT, 1]] : [];
}
