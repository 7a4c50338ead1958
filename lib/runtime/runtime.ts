import type { Post, Posted } from "./post.ts";

/**
 * What port-for needs from the program that runs it. Everything that port-for
 * does to a machine goes through this interface, so that the same code runs on
 * Deno and on Bun, and so that tests can be another OS or a full disk.
 *
 * File operations are synchronous: a call is a handful of them, and each
 * asynchronous one would cost more than it does. Every one throws an error
 * whose `code` is the system's name for it, such as `ENOENT`.
 */
export interface Runtime {
  /** The operating system: `linux`, `darwin`, `windows`, `freebsd`, ... */
  readonly os: string;
  /** The arguments of the command line, without program and script. */
  readonly args: readonly string[];

  /** The value of an environment variable; `undefined` where not to be had. */
  env(name: string): string | undefined;
  /** The folder that the process is in. */
  currentFolder(): string;
  /** The user who runs the process; `undefined` where there are no user ids. */
  userId(): number | undefined;
  /** Writes all of the text to standard output. */
  writeOut(text: string): void;
  /** Writes all of the text to standard error. */
  writeError(text: string): void;
  /** How many columns standard output has; `undefined` if no terminal. */
  terminalWidth(): number | undefined;
  /** Whether standard error is a terminal. */
  isErrorTerminal(): boolean;
  /** Ends the process with this status; all that was begun has ended. */
  exit(status: number): void;

  /** The bytes of a file. */
  readFile(path: string): Uint8Array;
  /** What a path leads to, symlinks followed. */
  stat(path: string): FileFacts;
  /** What is at a path itself, be it a symlink. */
  lstat(path: string): FileFacts;
  /** What a symlink says. */
  readLink(path: string): string;
  /** The absolute path without symlinks in it; throws where nothing is there. */
  realPath(path: string): string;
  /** Opens a file; never follows a symlink to create one. */
  open(path: string, how: OpenOptions): OpenFile;
  /** Flushes a folder's entries to disk, where the system can. */
  syncFolder(path: string): void;
  /** The names in a folder, in no order. */
  readFolder(path: string): string[];
  /** Creates a folder and those above it. */
  makeFolder(path: string, mode: number): void;
  /** Renames a file, replacing what is there. */
  rename(from: string, to: string): void;
  /** Removes a file. */
  remove(path: string): void;

  /** Runs a command to its end. Throws ENOENT where there is no such command. */
  run(command: string, args: readonly string[]): CommandResult;
  /**
   * Becomes a command: the same process, with its streams, its descriptors and
   * its environment.
   *
   * @param args The command and its arguments, byte for byte.
   * @param environment Variables to set, each instead of all of that name.
   * @returns where this system, or this engine here, has no way to do that.
   * @throws an error with the system's code where the command cannot be run.
   */
  become(
    args: readonly Uint8Array[],
    environment: Readonly<Record<string, string>>,
  ): Promise<void>;
  /**
   * Runs a command with this process's standard streams and environment, and
   * passes the signals on to it that would end a process. Such signals do not
   * end this process from then on.
   *
   * @param environment Variables to set beside those of this process.
   * @returns Its exit status; 128 + n where signal n ended it.
   * @throws an error with the system's code where it cannot be started.
   */
  runInPlace(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<number>;

  /** Binds and listens on a TCP port of one address, then lets go of it. */
  bindTcp(host: string, port: number): BindResult | Promise<BindResult>;
  /** Binds a UDP port of one address, then lets go of it. */
  bindUdp(host: string, port: number): Promise<BindResult>;
  /** Connects to a TCP port, and hangs up as soon as it is accepted. */
  connectTcp(
    host: string,
    port: number,
    timeoutMs: number,
  ): Promise<ConnectResult>;
  /**
   * Listens on a TCP port of one address and connects to it: whether something
   * in between accepts the connection. False where the port cannot be bound.
   */
  isIntercepted(
    host: string,
    port: number,
    timeoutMs: number,
  ): Promise<boolean>;

  /** Sends something by HTTP: once, by no proxy. */
  post(what: Post): Promise<Posted>;
}

/** What port-for looks at in a file. */
export interface FileFacts {
  /** What kind of file it is. */
  readonly kind: "file" | "folder" | "symlink" | "other";
  /** How many names the file has: more than one for hard links. */
  readonly links: number;
  /** The length in bytes. */
  readonly size: number;
  /** The permission bits, such as 0o644; `undefined` where there are none. */
  readonly mode: number | undefined;
  /** The owner; `undefined` where there are no user ids. */
  readonly userId: number | undefined;
  /** The owning group; `undefined` where there are no group ids. */
  readonly groupId: number | undefined;
  /** When it was changed, in milliseconds since 1970. */
  readonly modified: number;
  /** Tells one file from another, and a file from its replacement. */
  readonly identity: string;
}

/** How to open a file. */
export interface OpenOptions {
  /** Only for reading. */
  readonly readOnly?: boolean;
  /** Never wait for anybody to write to a FIFO; only for reading. */
  readonly neverWaits?: boolean;
  /** Create it; EEXIST where anything, even a symlink, is there already. */
  readonly createNew?: boolean;
  /** The permission bits of a new file, before the process's umask. */
  readonly mode?: number;
}

/** An open file. */
export interface OpenFile {
  /** What this file is, whatever its path leads to by now. */
  stat(): FileFacts;
  /** Reads all that there is. */
  read(): Uint8Array;
  /** Writes all of the bytes, from some place on or where it wrote last. */
  write(bytes: Uint8Array, from?: number): void;
  /** Flushes content and metadata to disk. */
  sync(): void;
  /**
   * Takes the exclusive `flock(2)`, waiting in the kernel for up to so many
   * milliseconds; whether it did.
   *
   * @param mayBlock Whether the whole process may stand still meanwhile; then
   * a signal still ends it.
   */
  lock(milliseconds: number, mayBlock: boolean): Promise<boolean>;
  /** Marks the file as changed now. */
  touch(): void;
  /** Closes the file, and with it lets go of its lock. */
  close(): void;
  /** Sets the permission bits. */
  chmod(mode: number): void;
  /** Sets owner and group; `undefined` leaves one as it is. */
  chown(userId: number | undefined, groupId: number | undefined): void;
}

/** What a command that ran to its end left behind. */
export interface CommandResult {
  /** Its exit status. */
  readonly status: number;
  /** Its standard output. */
  readonly output: string;
}

/**
 * - `bound`: nobody holds the port on this address
 * - `in use`: somebody does
 * - `denied`: this process may not bind it
 * - `no address`: the machine does not have this address, or this IP version
 */
export type BindResult = "bound" | "in use" | "denied" | "no address";

/**
 * - `accepted`: something listens there
 * - `refused`: nothing does, or the address cannot be reached
 * - `timed out`: no answer in time
 */
export type ConnectResult = "accepted" | "refused" | "timed out";

/**
 * The names of errors that engines give as numbers only: on Linux, and from 69
 * on those of macOS and the BSDs that have another one there.
 */
const UNNAMED: Readonly<Record<string, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  7: "E2BIG",
  8: "ENOEXEC",
  9: "EBADF",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  18: "EXDEV",
  20: "ENOTDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  26: "ETXTBSY",
  28: "ENOSPC",
  30: "EROFS",
  36: "ENAMETOOLONG",
  37: "ENOLCK",
  38: "ENOSYS",
  40: "ELOOP",
  69: "EDQUOT",
  70: "ESTALE",
  77: "ENOLCK",
  78: "ENOSYS",
  95: "EOPNOTSUPP",
  102: "EOPNOTSUPP",
  116: "ESTALE",
  122: "EDQUOT",
};

/** An error of the system as the engines throw it. */
export function systemError(number: number, call: string): Error {
  const code = UNNAMED[number] ?? `E${number}`;
  return Object.assign(new Error(`${call} failed: ${code}`), { code });
}

/** The system's name for what went wrong, such as `ENOENT`, if it was that. */
export function errorCode(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (typeof code === "string") return code;
  // Deno leaves some of the system's errors without their name.
  const [, number] = /\(os error (\d+)\)/.exec(`${message}`) ?? [];
  return number === undefined ? undefined : UNNAMED[number] ?? `E${number}`;
}
