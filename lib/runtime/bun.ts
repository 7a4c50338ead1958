import fs from "node:fs";
import type { constants } from "node:os";
import process from "node:process";
import {
  type BindResult,
  type CommandResult,
  type ConnectResult,
  errorCode,
  type FileFacts,
  type OpenFile,
  type OpenOptions,
  type Runtime,
} from "./runtime.ts";
import { lockFile } from "./bun_flock.ts";
import { refuseClosedOutput } from "./closed_output.ts";
import { ARRIVES_WITHIN_MS, bindFailure, bindUdp } from "./sockets.ts";
import { readAll, writeAll } from "./to_the_end.ts";

/** The parts of Bun that are used here. */
declare const Bun: {
  listen(options: {
    hostname: string;
    port: number;
    exclusive: boolean;
    socket: SocketHandlers;
  }): BunListener;
  connect(options: {
    hostname: string;
    port: number;
    socket: SocketHandlers;
  }): Promise<BunSocket>;
  spawnSync(options: {
    cmd: string[];
    stdin: "ignore";
    stdout: "pipe";
    stderr: "ignore";
  }): {
    exitCode: number | null;
    signalCode?: keyof typeof constants.signals;
    stdout: Uint8Array;
  };
  spawn(options: {
    cmd: string[];
    env: Record<string, string | undefined>;
    stdin: "inherit";
    stdout: "inherit";
    stderr: "inherit";
  }): {
    kill(signal: string): void;
    readonly exited: Promise<number>;
    readonly signalCode: keyof typeof constants.signals | null;
  };
};

interface BunListener {
  stop(closeConnections: boolean): void;
}

interface BunSocket {
  readonly localPort: number;
  readonly remotePort: number;
  terminate(): void;
}

interface SocketHandlers {
  data(): void;
  open?(socket: BunSocket): void;
  connectError?(): void;
}

/** The runtime interface on Bun. */
export const bunRuntime: Runtime = {
  os: process.platform === "win32" ? "windows" : process.platform,
  args: process.argv.slice(2),

  env: (name) => process.env[name],
  currentFolder: () => process.cwd(),
  userId: () => process.getuid?.(),
  writeOut,
  writeError: (text) => writeTo(2, new TextEncoder().encode(text)),
  isErrorTerminal: () => isTerminal(2),
  terminalWidth: () =>
    isTerminal(1) ? (width ??= widthOfTerminal()) || undefined : undefined,
  exit: (status) => process.exit(status),

  readFile,
  readText: (path) => fs.readFileSync(path, "utf8"),
  stat: (path) => factsOf(fs.statSync(path)),
  lstat: (path) => factsOf(fs.lstatSync(path)),
  readLink: (path) => fs.readlinkSync(path),
  realPath: (path) => fs.realpathSync.native(path),
  open,
  syncFolder,
  readFolder: (path) => fs.readdirSync(path),
  makeFolder: (path, mode) =>
    void fs.mkdirSync(path, { recursive: true, mode }),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.unlinkSync(path),

  run,
  become: async (args, environment) =>
    (await import("./bun_become.ts")).become(args, environment),
  runInPlace,

  bindTcp,
  bindUdp,
  connectTcp,
  isIntercepted,

  // Few calls send anything; the others need not load this.
  post: async (what) => await (await import("./bun_post.ts")).post(what),
};

function writeOut(text: string): void {
  refuseClosedOutput(processFile("fdinfo/1") ?? "");
  writeTo(1, new TextEncoder().encode(text));
}

function writeTo(descriptor: number, bytes: Uint8Array, from?: number): void {
  let at = from;
  writeAll((rest) => {
    const written = fs.writeSync(descriptor, rest, 0, rest.length, at ?? null);
    if (at !== undefined) at += written;
    return written;
  }, bytes);
}

function factsOf(stats: fs.Stats): FileFacts {
  const hasOwners = process.platform !== "win32";
  return {
    kind: stats.isSymbolicLink()
      ? "symlink"
      : stats.isFile()
      ? "file"
      : stats.isDirectory()
      ? "folder"
      : "other",
    links: stats.nlink,
    size: stats.size,
    mode: hasOwners ? stats.mode & 0o7777 : undefined,
    userId: hasOwners ? stats.uid : undefined,
    groupId: hasOwners ? stats.gid : undefined,
    modified: stats.mtimeMs,
    identity: `${stats.dev}:${stats.ino}`,
  };
}

function open(
  path: string,
  { readOnly, neverWaits, createNew, mode }: OpenOptions,
): OpenFile {
  const { O_RDONLY, O_NONBLOCK, O_RDWR, O_CREAT, O_EXCL } = fs.constants;
  const flags = readOnly
    ? O_RDONLY | (neverWaits ? O_NONBLOCK : 0)
    : createNew
    ? O_RDWR | O_CREAT | O_EXCL
    : O_RDWR;
  const descriptor = fs.openSync(path, flags, mode);
  return {
    stat: () => factsOf(fs.fstatSync(descriptor)),
    read: () => readWhole(descriptor),
    write: (bytes, from) => writeTo(descriptor, bytes, from),
    sync: () => fs.fsyncSync(descriptor),
    lock: (milliseconds, mayBlock) =>
      lockFile(descriptor, milliseconds, mayBlock),
    touch: () => fs.ftruncateSync(descriptor, 0),
    close: () => fs.closeSync(descriptor),
    chmod: (mode) => fs.fchmodSync(descriptor, mode),
    // -1 means "unchanged" to the system call.
    chown: (userId = -1, groupId = -1) =>
      fs.fchownSync(descriptor, userId, groupId),
  };
}

function readFile(path: string): Uint8Array {
  const descriptor = fs.openSync(path, "r");
  try {
    return readWhole(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function readWhole(descriptor: number): Uint8Array {
  let at = 0;
  return readAll(fs.fstatSync(descriptor).size, {
    read: (bytes) => {
      const length = fs.readSync(descriptor, bytes, 0, bytes.length, at);
      at += length;
      return length;
    },
    rewind: () => {
      at = 0;
    },
  });
}

function syncFolder(path: string): void {
  const descriptor = fs.openSync(path, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function run(command: string, args: readonly string[]): CommandResult {
  const { exitCode, signalCode, stdout } = Bun.spawnSync({
    cmd: [command, ...args],
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  return {
    status: statusOf(exitCode, signalCode),
    output: new TextDecoder().decode(stdout),
  };
}

async function runInPlace(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const { isForCommand, signalsToPassOn } = await import("./passed_on.ts");
  const status = processFile("status");
  const setting = () => ({
    status,
    stat: processFile("stat"),
    hasTerminal: hasTerminal(),
  });
  const early: string[] = [];
  let passOn = (signal: string): void => void early.push(signal);
  // Listen before the command starts, and never stop: a signal must not end
  // this process alone, and a late one must not hide how the command ended.
  for (const signal of signalsToPassOn(bunRuntime.os)) {
    process.on(signal, () => {
      if (isForCommand(signal, setting())) passOn(signal);
    });
  }
  const child = Bun.spawn({
    cmd: [command, ...args],
    env: { ...process.env, ...environment },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  passOn = (signal) => child.kill(signal);
  early.forEach(passOn);
  return statusOf(await child.exited, child.signalCode);
}

/** A file about this process in /proc; `undefined` if not on Linux. */
function processFile(name: "stat" | "status" | "fdinfo/1"): string | undefined {
  if (process.platform !== "linux") return undefined;
  return fs.readFileSync(`/proc/self/${name}`, "utf8");
}

function hasTerminal(): boolean {
  return [0, 1, 2].some(isTerminal);
}

/**
 * Does not use `process.stdout.isTTY`: that would leave O_NONBLOCK set on the
 * open file, for everybody who shares it.
 */
function isTerminal(descriptor: number): boolean {
  return tty().isatty(descriptor);
}

let width: number | undefined;

/** How many columns the terminal has; 0 if unknown. */
function widthOfTerminal(): number {
  try {
    // Open the terminal again, so that its flags are not those of standard
    // output.
    const { O_RDWR, O_NOCTTY } = fs.constants;
    const descriptor = fs.openSync("/dev/tty", O_RDWR | O_NOCTTY);
    return new (tty().WriteStream)(descriptor).columns;
  } catch {
    return 0;
  }
}

/** Loaded on demand, because few calls need it. */
function tty(): typeof import("node:tty") {
  return process.getBuiltinModule("node:tty");
}

/** The exit status, or 128 + n if signal n ended the process. */
function statusOf(
  exitCode: number | null,
  signal: keyof typeof constants.signals | null | undefined,
): number {
  // For a signal without a name, the exit code already includes its number.
  const number = signal ? signals()[signal] : undefined;
  return number === undefined ? exitCode ?? 1 : 128 + number;
}

/** The numbers of signals. Loaded on demand, because few calls need them. */
function signals(): typeof constants.signals {
  return process.getBuiltinModule("node:os").constants.signals;
}

async function bindTcp(hostname: string, port: number): Promise<BindResult> {
  try {
    listen(hostname, port, {}).stop(true);
    return "bound";
  } catch (error) {
    if (errorCode(error) !== undefined) return bindFailure(error);
    // If the system refuses to create a socket, Bun says so only for UDP.
    const result = await bindUdp(hostname, port);
    if (result === "bound" || result === "in use") throw error;
    return result;
  }
}

function listen(
  hostname: string,
  port: number,
  handlers: Partial<SocketHandlers>,
): BunListener {
  const socket = { data() {}, ...handlers };
  return Bun.listen({ hostname, port, exclusive: true, socket });
}

async function connectTcp(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<ConnectResult> {
  const socket = await connected(hostname, port, timeoutMs);
  if (typeof socket === "string") return socket;
  const { localPort } = socket;
  socket.terminate();
  // If the socket connected to itself, nobody listens there.
  return localPort === port ? "refused" : "accepted";
}

function connected(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<BunSocket | "refused" | "timed out"> {
  return new Promise((resolve) => {
    let late = false;
    // On a busy machine, the answer may have arrived but not been read yet.
    const timer = setTimeout(() =>
      setTimeout(() => {
        late = true;
        resolve("timed out");
      }, 1), timeoutMs);
    Bun.connect({ hostname, port, socket: { data() {}, connectError() {} } })
      .then(
        (socket) => late ? socket.terminate() : resolve(socket),
        () => resolve("refused"),
      )
      .finally(() => clearTimeout(timer));
  });
}

async function isIntercepted(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<boolean> {
  const reached = Promise.withResolvers<number | undefined>();
  let listener: BunListener;
  try {
    listener = listen(hostname, port, {
      open: ({ remotePort }) => reached.resolve(remotePort),
    });
  } catch {
    return false;
  }
  try {
    const socket = await connected(hostname, port, timeoutMs);
    if (typeof socket === "string") return false;
    // Read the port now: if the proxy closes the connection, it is gone.
    const { localPort } = socket;
    // If nothing arrives by then, something else accepted the connection.
    const timer = setTimeout(
      () => reached.resolve(undefined),
      ARRIVES_WITHIN_MS,
    );
    const from = await reached.promise;
    clearTimeout(timer);
    socket.terminate();
    return from === undefined || from !== localPort;
  } finally {
    listener.stop(true);
  }
}
