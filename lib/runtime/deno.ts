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
import { ARRIVES_WITHIN_MS, bindFailure, bindUdp } from "./sockets.ts";
import type Process from "node:process";
import { PortForError } from "../error.ts";
import { readAll } from "./read_all.ts";
import { uninterrupted } from "./uninterrupted.ts";
import { writeAll } from "./write_all.ts";

/** The runtime interface on Deno. */
export const denoRuntime: Runtime = {
  // Looked up when asked for: on Bun this module is loaded too, but not used.
  get os() {
    return Deno.build.os;
  },
  get args() {
    return Deno.args;
  },

  env,
  currentFolder,
  userId: () => ifPermitted(() => Deno.uid() ?? undefined),
  writeOut: (text) =>
    writeAll((bytes) => Deno.stdout.writeSync(bytes), utf8(text)),
  writeError: (text) =>
    writeAll((bytes) => Deno.stderr.writeSync(bytes), utf8(text)),
  isErrorTerminal: () => Deno.stderr.isTerminal(),
  terminalWidth: () =>
    Deno.stdout.isTerminal()
      ? Deno.consoleSize().columns || undefined
      : undefined,
  exit,

  readFile,
  stat: (path) => factsOf(Deno.statSync(path)),
  lstat: (path) => factsOf(Deno.lstatSync(path)),
  readLink: (path) => Deno.readLinkSync(path),
  realPath: (path) => Deno.realPathSync(path),
  open,
  syncFolder,
  readFolder: (path) => [...Deno.readDirSync(path)].map(({ name }) => name),
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

  // Few calls send anything: the others do not load what that takes.
  post: async (what) => await (await import("./deno_post.ts")).post(what),
};

/**
 * An environment variable. Which store is meant must be known: one that may not
 * be asked for, or is not text, is not taken for one that is not set.
 */
function env(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) throw notText(name);
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    if (name !== "PORT_FOR_STORE") return undefined;
    throw new PortForError(
      "NO_PERMISSION",
      `cannot tell which store is meant: Deno may not read PORT_FOR_STORE ` +
        `(run it with --allow-env, or name the store with --store)`,
    );
  }
}

function notText(name: string): PortForError {
  return new PortForError(
    "BAD_INPUT",
    `cannot use the variable ${name}: it is not valid UTF-8 text (set it to ` +
      `something else)`,
  );
}

/** What `ask` answers, or `undefined` where Deno was not given the permission. */
function ifPermitted<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Where the path is not UTF-8, some text that is not, as Bun has it. */
function currentFolder(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return "/\ufffd";
    throw error;
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function factsOf(info: Deno.FileInfo): FileFacts {
  return {
    kind: info.isSymlink
      ? "symlink"
      : info.isFile
      ? "file"
      : info.isDirectory
      ? "folder"
      : "other",
    links: info.nlink ?? 1,
    size: info.size,
    mode: info.mode === null ? undefined : info.mode & 0o7777,
    userId: info.uid ?? undefined,
    groupId: info.gid ?? undefined,
    modified: info.mtime?.getTime() ?? 0,
    identity: `${info.dev}:${info.ino}`,
  };
}

/** Deno would remove a folder, too, if it is empty. */
function remove(path: string): void {
  if (Deno.lstatSync(path).isDirectory) {
    throw Object.assign(new Error(`${path} is a folder`), { code: "EISDIR" });
  }
  Deno.removeSync(path);
}

/**
 * Whether something goes on that would keep Deno from ending by itself: it
 * listens for signals, or a thread still waits for a lock.
 */
let goesOn = false;

function exit(status: number): void {
  // On its way out Deno listens no more, and a late signal would end it.
  if (goesOn) Deno.exit(status);
  // Deno.exit would keep Deno from storing what it compiled: the next call
  // would not be quicker than the first.
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
 * can open a file without waiting, and loading them takes longer than starting:
 * few calls do.
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
    // /proc needs every permission: without them, and without it, the path
    // has to do.
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
 * A path that leads to this very open file. Its own path may by now lead to
 * something else, put there by somebody who wants that something's owner
 * changed; Deno changes modes and owners by path only.
 */
function pathToOpen(file: Deno.FsFile, path: string): string {
  const { dev, ino } = file.statSync();
  const isIt = (info: Deno.FileInfo) => info.dev === dev && info.ino === ino;
  const descriptor = ownDescriptors().find((descriptor) => {
    try {
      return isIt(Deno.statSync(descriptor));
    } catch (error) {
      // The descriptor that listed the folder is gone again.
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
  });
  if (descriptor !== undefined) return descriptor;
  if (isIt(Deno.lstatSync(path))) return path;
  throw new Error(`${path} was replaced by another file`);
}

/** Paths to this process's open files; only Linux has such. */
function ownDescriptors(): string[] {
  if (Deno.build.os !== "linux") return [];
  const folder = "/proc/self/fd";
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
  } catch {
    // Without /proc, or the permission, the file's own path has to do.
    return [];
  }
}

/**
 * Takes the exclusive `flock(2)`. Waiting is up to a thread, so the program goes
 * on meanwhile. What is given up is not called back: the file is closed as soon
 * as the thread has the lock, and the lock is gone with it.
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
  goesOn = !locked;
  return locked;
}

/** The threads that wait for locks, by file: one each, however often asked. */
const waitingFor = new WeakMap<Deno.FsFile, Promise<void>>();

function syncFolder(path: string): void {
  // Windows has no way to flush a folder, and needs none: NTFS journals it.
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
  // Before the command starts, and for good: a signal must not end this process
  // alone, nor must one that arrives late hide how the command ended.
  goesOn = true;
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
      // The command has just ended by itself.
    }
  };
  early.forEach(passOn);
  return await statusOf(child);
}

/** What Linux says of this process; nothing elsewhere. */
function processFile(name: "stat" | "status"): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return Deno.readTextFileSync(`/proc/self/${name}`);
}

/**
 * At this signal `deno run` opens a debugger, by way of which whoever is on the
 * machine could have this process, and be it root's, do anything. It opens
 * a little later than the signal comes.
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
    // Real-time signals have no names, and Deno has no others.
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
    // The kernel may pick the very port as the outgoing one, and a TCP socket
    // that connects to itself succeeds: nobody listens there.
    return from === port ? "refused" : "accepted";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return "refused";
  }
}

/** A connection; `undefined` where there is no answer in time. */
async function connected(
  hostname: string,
  port: number,
  timeoutMs: number,
): Promise<Deno.TcpConn | undefined> {
  const timeout = new AbortController();
  // On a busy machine the answer may be there, and only not be looked at yet.
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
    // Refused: nothing in between accepts it.
  }
  // What has not arrived by now was accepted by something else.
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
    // It is closed.
  }
}
