import {
  type BindResult,
  type CommandResult,
  type ConnectResult,
  errorCode,
  type OpenFile,
  type OpenOptions,
  type Runtime,
} from "./runtime.ts";
import { ARRIVES_WITHIN_MS, bindFailure, bindUdp } from "./sockets.ts";
import type Process from "node:process";
import { denoQuick, factsOf, ifPermitted, utf8 } from "./deno_quick.ts";
import { readAll, uninterrupted, writeAll } from "./to_the_end.ts";

/** The runtime interface on Deno. */
export const denoRuntime: Runtime = {
  // Getters, as there.
  get os() {
    return denoQuick.os;
  },
  get args() {
    return denoQuick.args;
  },

  env: denoQuick.env,
  currentFolder,
  userId: denoQuick.userId,
  writeOut: denoQuick.writeOut,
  writeError: (text) =>
    writeAll((bytes) => Deno.stderr.writeSync(bytes), utf8(text)),
  isErrorTerminal: () => Deno.stderr.isTerminal(),
  terminalWidth: () =>
    Deno.stdout.isTerminal()
      ? Deno.consoleSize().columns || undefined
      : undefined,
  exit,

  readFile,
  readText: denoQuick.readText,
  stat: denoQuick.stat,
  lstat: (path) => factsOf(Deno.lstatSync(path)),
  readLink: (path) => Deno.readLinkSync(path),
  realPath: (path) => Deno.realPathSync(path),
  open,
  syncFolder,
  readFolder: denoQuick.readFolder,
  makeFolder: (path, mode) => Deno.mkdirSync(path, { recursive: true, mode }),
  rename: (from, to) => Deno.renameSync(from, to),
  remove,

  run,
  become: async (args, environment) =>
    (await import("./deno_become.ts")).become(args, environment),
  runInPlace,

  bindTcp,
  bindUdp,
  connectTcp,
  isIntercepted,

  // Few calls send anything; the others need not load this.
  post: async (what) => await (await import("./deno_post.ts")).post(what),
};

/** If the path is not UTF-8, returns a text with U+FFFD, as Bun does. */
function currentFolder(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return "/\ufffd";
    throw error;
  }
}

/** Refuses folders: Deno would remove an empty one. */
function remove(path: string): void {
  if (Deno.lstatSync(path).isDirectory) {
    throw Object.assign(new Error(`${path} is a folder`), { code: "EISDIR" });
  }
  Deno.removeSync(path);
}

/**
 * Whether something keeps Deno from exiting by itself: signal listeners, or a
 * thread that still waits for a lock.
 */
let keepsRunning = false;

function exit(status: number): void {
  // While it exits by itself, Deno no longer listens, and a late signal would
  // kill it.
  if (keepsRunning) Deno.exit(status);
  // With Deno.exit, Deno would not store its compiled code, and the next call
  // would be as slow as the first.
  Deno.exitCode = status;
}

function readWhole(file: Deno.FsFile): Uint8Array {
  return readAll(file.statSync().size, {
    read: (bytes) => file.readSync(bytes) ?? 0,
    rewind: () => void file.seekSync(0, Deno.SeekMode.Start),
  });
}

function readFile(path: string): Uint8Array {
  const file = Deno.openSync(path);
  try {
    return readWhole(file);
  } finally {
    file.close();
  }
}

function open(path: string, how: OpenOptions): OpenFile {
  const file = how.neverWaits ? openRegular(path) : Deno.openSync(path, {
    read: true,
    write: !how.readOnly,
    createNew: how.createNew ?? false,
    ...(how.mode === undefined ? {} : { mode: how.mode }),
  });
  return {
    stat: () => factsOf(file.statSync()),
    read: () => readWhole(file),
    write: (bytes, from) => {
      if (from !== undefined) file.seekSync(from, Deno.SeekMode.Start);
      writeAll((bytes) => file.writeSync(bytes), bytes);
    },
    sync: () => file.syncSync(),
    lock: (milliseconds) => lockFile(file, milliseconds),
    touch: () => file.truncateSync(0),
    close: () => file.close(),
    chmod: (mode) => Deno.chmodSync(pathToOpen(file, path), mode),
    chown: (userId, groupId) =>
      Deno.chownSync(pathToOpen(file, path), userId ?? null, groupId ?? null),
  };
}

/**
 * Opens a regular file for reading; anything else is ENXIO. Only Node's modules
 * can open a file without waiting. Loading them takes longer than starting
 * Deno, so few calls use this.
 */
function openRegular(path: string): Deno.FsFile {
  if (Deno.build.os !== "linux") return Deno.openSync(path);
  const { process } = globalThis as unknown as { process: typeof Process };
  const fs = process.getBuiltinModule("node:fs");
  const { O_RDONLY, O_NONBLOCK } = fs.constants;
  const descriptor = fs.openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    if (!fs.fstatSync(descriptor).isFile()) {
      throw Object.assign(new Error("not a regular file"), { code: "ENXIO" });
    }
    // Deno reads /proc only with --allow-all. Otherwise, open the path again.
    return ifThere(() => Deno.openSync(`/proc/self/fd/${descriptor}`)) ??
      Deno.openSync(path);
  } finally {
    fs.closeSync(descriptor);
  }
}

function ifThere<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    const isHidden = error instanceof Deno.errors.NotCapable ||
      errorCode(error) === "ENOENT";
    if (isHidden) return undefined;
    throw error;
  }
}

/**
 * A path to this open file. Deno changes modes and owners only by path, and
 * somebody may have put another file at the original path, to get that file's
 * owner changed.
 */
function pathToOpen(file: Deno.FsFile, path: string): string {
  const { dev, ino } = file.statSync();
  const isIt = (info: Deno.FileInfo) => info.dev === dev && info.ino === ino;
  const descriptor = ownDescriptors().find((descriptor) => {
    try {
      return isIt(Deno.statSync(descriptor));
    } catch (error) {
      // The descriptor that listed the folder is closed by now.
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
  });
  if (descriptor !== undefined) return descriptor;
  if (isIt(Deno.lstatSync(path))) return path;
  throw new Error(`${path} was replaced by another file`);
}

/** Paths to this process's open files; only on Linux. */
function ownDescriptors(): string[] {
  if (Deno.build.os !== "linux") return [];
  const folder = "/proc/self/fd";
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
  } catch {
    // No /proc, or no permission: the file's own path has to do.
    return [];
  }
}

/**
 * Takes an exclusive `flock(2)`. A thread does the waiting, so the program can
 * go on. A wait cannot be cancelled: when a given-up thread gets the lock, the
 * file is closed at once, which releases the lock.
 */
async function lockFile(
  file: Deno.FsFile,
  milliseconds: number,
): Promise<boolean> {
  if (uninterrupted(() => file.tryLockSync(true))) return true;
  if (milliseconds <= 0) return false;
  const waiting = waitingFor.get(file) ?? file.lock(true);
  waitingFor.set(file, waiting);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const locked = await Promise.race([waiting.then(() => true), late]);
  clearTimeout(timer);
  keepsRunning = !locked;
  return locked;
}

/** The threads that wait for locks, at most one for each file. */
const waitingFor = new WeakMap<Deno.FsFile, Promise<void>>();

function syncFolder(path: string): void {
  // Windows cannot flush a folder and need not: NTFS journals it.
  if (Deno.build.os === "windows") return;
  const folder = Deno.openSync(path, { read: true });
  try {
    folder.syncSync();
  } finally {
    folder.close();
  }
}

function run(command: string, args: readonly string[]): CommandResult {
  const result = new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).outputSync();
  return {
    status: result.code,
    output: new TextDecoder().decode(result.stdout),
  };
}

async function runInPlace(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const { isForCommand, signalsToPassOn } = await import("./passed_on.ts");
  const status = ifPermitted(() => processFile("status"));
  const setting = () => ({
    status,
    stat: ifPermitted(() => processFile("stat")),
    hasTerminal: hasTerminal(),
  });
  const early: Deno.Signal[] = [];
  let passOn = (signal: Deno.Signal): void => void early.push(signal);
  // Listen before the command starts, and never stop: a signal must not end
  // this process alone, and a late one must not hide how the command ended.
  keepsRunning = true;
  for (const signal of signalsToPassOn(Deno.build.os)) {
    Deno.addSignalListener(signal, () => {
      if (signal === "SIGUSR1") closeDebugger();
      if (isForCommand(signal, setting())) passOn(signal);
    });
  }
  const child = new Deno.Command(command, {
    args: [...args],
    env: { ...environment },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  passOn = (signal) => {
    try {
      child.kill(signal);
    } catch {
      // The command has just ended.
    }
  };
  early.forEach(passOn);
  return await statusOf(child);
}

/** A file about this process in /proc; `undefined` if not on Linux. */
function processFile(name: "stat" | "status"): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return Deno.readTextFileSync(`/proc/self/${name}`);
}

/**
 * Closes the debugger that `deno run` opens on SIGUSR1, a little after the
 * signal. Through it, any user of the machine could control this process, even
 * root's.
 */
async function closeDebugger(): Promise<void> {
  const { close } = await import("node:inspector");
  for (const ms of [0, 1, 5, 10, 20, 50, 100, 500, 2000]) {
    setTimeout(() => close(), ms);
  }
}

async function statusOf(child: Deno.ChildProcess): Promise<number> {
  try {
    return (await child.status).code;
  } catch (error) {
    // Deno knows signals only by name, and real-time signals have none.
    const [, number] = /Invalid signal: (\d+)/.exec(`${error}`) ?? [];
    if (number === undefined) throw error;
    return 128 + Number(number);
  }
}

function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr]
    .some((stream) => stream.isTerminal());
}

function bindTcp(hostname: string, port: number): BindResult {
  try {
    Deno.listen({ hostname, port }).close();
    return "bound";
  } catch (error) {
    return bindFailure(error);
  }
}

async function connectTcp(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<ConnectResult> {
  try {
    const connection = await connected(hostname, port, timeoutMs);
    if (!connection) return "timed out";
    const { port: from } = connection.localAddr as Deno.NetAddr;
    connection.close();
    // The kernel may choose this port as the local one too. Then the socket has
    // connected to itself, and nobody listens there.
    return from === port ? "refused" : "accepted";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return "refused";
  }
}

/** A connection; `undefined` if there is no answer in time. */
async function connected(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<Deno.TcpConn | undefined> {
  const timeout = new AbortController();
  // On a busy machine, the answer may have arrived but not been read yet.
  const timer = setTimeout(
    () => setTimeout(() => timeout.abort(), 1),
    timeoutMs,
  );
  try {
    return await Deno.connect({ hostname, port, signal: timeout.signal });
  } catch (error) {
    if (timeout.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function isIntercepted(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<boolean> {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname, port });
  } catch {
    return false;
  }
  const arrived = listener.accept().then((peer) => {
    peer.close();
    return (peer.remoteAddr as Deno.NetAddr).port;
  }, () => undefined);
  let from: number | undefined;
  try {
    const connection = await connected(hostname, port, timeoutMs);
    from = (connection?.localAddr as Deno.NetAddr | undefined)?.port;
    connection?.close();
  } catch {
    // Refused: nothing in between accepted it.
  }
  // If nothing arrives by then, something else accepted the connection.
  const timer = setTimeout(() => listener.close(), ARRIVES_WITHIN_MS);
  const isDirect = await arrived === from;
  clearTimeout(timer);
  closeIfOpen(listener);
  return from !== undefined && !isDirect;
}

function closeIfOpen(listener: Deno.TcpListener): void {
  try {
    listener.close();
  } catch {
    // It was closed already.
  }
}
