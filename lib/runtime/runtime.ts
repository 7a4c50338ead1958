import type { Post, Posted } from "./post.ts";

/**
 * What port-for needs from the engine that runs it. Everything that port-for
 * does to a machine goes through this interface. So the same code runs on Deno
 * and Bun, and tests can simulate another OS or a full disk.
 *
 * File operations are synchronous, because a call needs only a handful and each
 * would take longer asynchronously. They throw errors with the system's name as
 * their `code`, such as `ENOENT`.
 */
export interface Runtime {
  /** The operating system: `linux`, `darwin`, `windows`, `freebsd`, ... */
  readonly os: string;
  /** The command-line arguments, without program and script. */
  readonly args: readonly string[];

  /**
   * The value of an environment variable; `undefined` if unset or unreadable.
   */
  env(name: string): string | undefined;
  /** The current folder. */
  currentFolder(): string;
  /**
   * The user who runs the process; `undefined` if the system has no user ids.
   */
  userId(): number | undefined;
  /** Writes all of the text to standard output. */
  writeOut(text: string): void;
  /** Writes all of the text to standard error. */
  writeError(text: string): void;
  /**
   * How many columns standard output has; `undefined` if it is not a terminal.
   */
  terminalWidth(): number | undefined;
  /** Whether standard error is a terminal. */
  isErrorTerminal(): boolean;
  /** Ends the process with this status. Called when nothing is left to do. */
  exit(status: number): void;

  /** The bytes of a file. */
  readFile(path: string): Uint8Array;
  /**
   * The text of a file on disk, with U+FFFD for what is not UTF-8. On Deno,
   * this takes half as long as reading bytes and decoding them.
   */
  readText(path: string): string;
  /** What is at a path, symlinks followed. */
  stat(path: string): FileFacts;
  /** What is at a path, symlinks not followed. */
  lstat(path: string): FileFacts;
  /** The target of a symlink. */
  readLink(path: string): string;
  /** The absolute path without symlinks; throws if nothing is there. */
  realPath(path: string): string;
  /** Opens a file; never follows a symlink to create one. */
  open(path: string, how: OpenOptions): OpenFile;
  /** Flushes a folder's entries to disk, if the system can. */
  syncFolder(path: string): void;
  /** The names in a folder, in no particular order. */
  readFolder(path: string): string[];
  /** Creates a folder and its parents. */
  makeFolder(path: string, mode: number): void;
  /** Renames a file, replacing what is there. */
  rename(from: string, to: string): void;
  /** Removes a file. */
  remove(path: string): void;

  /**
   * Runs a command and waits for it. Throws ENOENT if there is no such command.
   */
  run(command: string, args: readonly string[]): CommandResult;
  /**
   * Becomes a command: the same process, with its streams, its descriptors and
   * its environment.
   *
   * @param args The command and its arguments, byte for byte.
   * @param environment Variables to set. Each replaces all variables of that
   * name.
   * @returns if the system, or the engine on it, has no way to do that.
   * @throws an error with the system's code if the command cannot be run.
   */
  become(
    args: readonly Uint8Array[],
    environment: Readonly<Record<string, string>>,
  ): Promise<void>;
  /**
   * Runs a command with this process's standard streams and environment. Passes
   * signals on that would end a process; from then on, they no longer end this
   * one.
   *
   * @param environment Variables to set in addition to those of this process.
   * @returns Its exit status; 128 + n if signal n ended it.
   * @throws an error with the system's code if it cannot be started.
   */
  runInPlace(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<number>;

  /** Binds and listens on a TCP port of one address, then releases it. */
  bindTcp(host: string, port: number): BindResult | Promise<BindResult>;
  /** Binds a UDP port of one address, then releases it. */
  bindUdp(host: string, port: number): Promise<BindResult>;
  /** Connects to a TCP port, and hangs up as soon as it is accepted. */
  connectTcp(
    host: string,
    port: number,
    timeoutMs: number,
  ): Promise<ConnectResult>;
  /**
   * Listens on a TCP port of one address and connects to it. Returns whether
   * something in between accepted the connection; false if the port cannot be
   * bound.
   */
  isIntercepted(
    host: string,
    port: number,
    timeoutMs: number,
  ): Promise<boolean>;

  /** Sends a POST request, exactly once and without a proxy. */
  post(what: Post): Promise<Posted>;
}

/** What a plain lookup needs of it. */
export type QuickRuntime = Pick<
  Runtime,
  | "os"
  | "args"
  | "env"
  | "userId"
  | "writeOut"
  | "readText"
  | "stat"
  | "readFolder"
>;

/** What port-for needs to know about a file. */
export interface FileFacts {
  /** What kind of file it is. */
  readonly kind: "file" | "folder" | "symlink" | "other";
  /** How many names the file has: more than one for hard links. */
  readonly links: number;
  /** The length in bytes. */
  readonly size: number;
  /** The permission bits, such as 0o644; `undefined` if the system has none. */
  readonly mode: number | undefined;
  /** The owner; `undefined` if the system has no user ids. */
  readonly userId: number | undefined;
  /** The owning group; `undefined` if the system has no group ids. */
  readonly groupId: number | undefined;
  /** When its content was changed, in milliseconds since 1970. */
  readonly modified: number;
  /** Tells one file from another, and a file from its replacement. */
  readonly identity: string;
}

/** How to open a file. */
export interface OpenOptions {
  /** Open only for reading. */
  readonly readOnly?: boolean;
  /** Do not wait for a writer if it is a FIFO; only for reading. */
  readonly neverWaits?: boolean;
  /** Create it; EEXIST if anything is there already, even a symlink. */
  readonly createNew?: boolean;
  /** The permission bits of a new file, before the process's umask. */
  readonly mode?: number;
}

/** An open file. */
export interface OpenFile {
  /** About this file, even if its path leads to another one by now. */
  stat(): FileFacts;
  /** Reads everything. */
  read(): Uint8Array;
  /** Writes all bytes, at position `from` or after the last write. */
  write(bytes: Uint8Array, from?: number): void;
  /** Flushes content and metadata to disk. */
  sync(): void;
  /**
   * Takes an exclusive `flock(2)`, waiting in the kernel for up to so many
   * milliseconds. Returns whether it succeeded.
   *
   * @param mayBlock Whether waiting may block the whole process. Signals still
   * end it.
   */
  lock(milliseconds: number, mayBlock: boolean): Promise<boolean>;
  /** Marks the file as changed now. */
  touch(): void;
  /** Closes the file, which releases its lock. */
  close(): void;
  /** Sets the permission bits. */
  chmod(mode: number): void;
  /** Sets owner and group; `undefined` leaves one as it is. */
  chown(userId: number | undefined, groupId: number | undefined): void;
}

/** The result of a command. */
export interface CommandResult {
  /** Its exit status. */
  readonly status: number;
  /** Its standard output. */
  readonly output: string;
}

/**
 * - `bound`: the port is free on this address
 * - `in use`: something holds the port
 * - `denied`: this process may not bind it
 * - `no address`: the machine does not have this address or IP version
 */
export type BindResult = "bound" | "in use" | "denied" | "no address";

/**
 * - `accepted`: something listens there
 * - `refused`: nothing listens, or the address cannot be reached
 * - `timed out`: no answer in time
 */
export type ConnectResult = "accepted" | "refused" | "timed out";

/**
 * The names of errors that engines give only as numbers: those of Linux, and
 * some from 69 up of macOS and the BSDs, where Linux uses the number otherwise.
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

/** A system error like those that engines throw. */
export function systemError(number: number, call: string): Error {
  const code = UNNAMED[number] ?? `E${number}`;
  return Object.assign(new Error(`${call} failed: ${code}`), { code });
}

/**
 * The system's name of an error, such as `ENOENT`; `undefined` if it is not a
 * system error.
 */
export function errorCode(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (typeof code === "string") return code;
  // Some of Deno's errors have no code, only a number in the message.
  const [, number] = /\(os error (\d+)\)/.exec(`${message}`) ?? [];
  return number === undefined ? undefined : UNNAMED[number] ?? `E${number}`;
}
