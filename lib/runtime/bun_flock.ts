import { type CFunctions, cFunctions } from "./c_library.ts";
import { PortForError } from "../error.ts";
import { errorCode, systemError } from "./runtime.ts";

/** The parts of Bun that are used here. */
declare const Bun: {
  spawn(options: {
    cmd: string[];
    stdin: number;
    stdout: "ignore";
    stderr: "ignore";
  }): Tool;
};

interface Tool {
  kill(signal: string): void;
  readonly exited: Promise<number>;
}

const LOCK_EX = 2;
const LOCK_NB = 4;

/** EINTR, and EWOULDBLOCK on Linux and on macOS and FreeBSD. */
const EINTR = 4;
const WOULD_BLOCK: readonly number[] = [11, 35];

let flock: CFunctions<"flock"> | "not usable" | undefined;

/**
 * `flock(2)` of the C library; `undefined` if the system allows no code to be
 * generated for the call.
 */
function loaded(): CFunctions<"flock"> | undefined {
  if (flock === undefined) {
    try {
      flock = cFunctions({ flock: { args: ["i32", "i32"], returns: "i32" } });
    } catch {
      flock = "not usable";
    }
  }
  return flock === "not usable" ? undefined : flock;
}

/**
 * Takes an exclusive `flock(2)` on an open file.
 *
 * @param milliseconds How long to wait at most; 0 for not at all.
 * @param mayBlock Whether waiting may block the whole process.
 * @returns Whether it was taken.
 */
export async function lockFile(
  descriptor: number,
  milliseconds: number,
  mayBlock: boolean,
): Promise<boolean> {
  const library = loaded();
  if (!library) return await lockByTool(descriptor, milliseconds) ?? noTool();
  if (taken(library, descriptor, LOCK_EX | LOCK_NB)) return true;
  if (milliseconds <= 0) return false;
  if (mayBlock) return lockBlocking(library, descriptor, milliseconds);
  return await lockByTool(descriptor, milliseconds) ??
    await lockByAsking(library, descriptor, milliseconds);
}

function noTool(): never {
  throw new PortForError(
    "FAILED",
    "cannot lock the store: where the system allows no code to be made at " +
      "run time, that takes the command flock, and there is none " +
      "(install util-linux)",
  );
}

/** Polls for the lock. Used without flock(1), as on macOS. */
async function lockByAsking(
  library: CFunctions<"flock">,
  descriptor: number,
  milliseconds: number,
): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (taken(library, descriptor, LOCK_EX | LOCK_NB)) return true;
    if (performance.now() >= deadline) return false;
  }
}

function taken(
  { call, errno }: CFunctions<"flock">,
  descriptor: number,
  operation: number,
): boolean {
  while (call.flock(descriptor, operation) !== 0) {
    const error = errno();
    if (WOULD_BLOCK.includes(error)) return false;
    // The call was interrupted by the timer of `lockBlocking`.
    if (error === EINTR && (operation & LOCK_NB) !== 0) continue;
    if (error === EINTR) return false;
    throw systemError(error, "flock");
  }
  return true;
}

const SIGALRM = 14;
const ITIMER_REAL = 0;

/**
 * Sleeps in `flock(2)`. A timer ends the wait: its signal is handled by a
 * harmless function of the C library, so that the call returns with EINTR.
 * Other signals work as always.
 */
function lockBlocking(
  library: CFunctions<"flock">,
  descriptor: number,
  milliseconds: number,
): boolean {
  const { call } = cFunctions({
    abs: { args: ["i32"], returns: "i32" },
    signal: { args: ["i32", "ptr"], returns: "ptr" },
    siginterrupt: { args: ["i32", "i32"], returns: "i32" },
    setitimer: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  });
  const deadline = performance.now() + milliseconds;
  call.signal(SIGALRM, call.abs.ptr ?? 0);
  call.siginterrupt(SIGALRM, 1);
  try {
    // Repeat the signal, because the first may come before the call begins.
    call.setitimer(ITIMER_REAL, timerOf(milliseconds, 20), null);
    for (;;) {
      if (taken(library, descriptor, LOCK_EX)) return true;
      if (performance.now() >= deadline) return false;
    }
  } finally {
    call.setitimer(ITIMER_REAL, timerOf(0, 0), null);
    call.signal(SIGALRM, 0);
  }
}

/**
 * A `struct itimerval`: the interval, then the first time, each in seconds and
 * microseconds.
 */
function timerOf(milliseconds: number, again: number): Uint8Array {
  const parts = [again, milliseconds].flatMap((time) => [
    BigInt(Math.floor(time / 1000)),
    BigInt(Math.ceil(time % 1000 * 1000)),
  ]);
  return new Uint8Array(new BigInt64Array(parts).buffer);
}

/**
 * Lets flock(1) wait on our descriptor. The lock stays with us when flock(1)
 * ends; if flock(1) is killed first, there is no lock.
 *
 * @returns `undefined` if there is no such tool.
 */
async function lockByTool(
  descriptor: number,
  milliseconds: number,
): Promise<boolean | undefined> {
  const args = milliseconds > 0 ? ["-x", "0"] : ["-n", "-x", "0"];
  const tool = started(["flock", ...args], descriptor);
  if (!tool) return undefined;
  let isLate = false;
  const giveUp = () => {
    isLate = true;
    tool.kill("SIGKILL");
  };
  const timer = milliseconds > 0 ? setTimeout(giveUp, milliseconds) : undefined;
  const status = await tool.exited;
  clearTimeout(timer);
  if (status === 0) return true;
  if (isLate || status === LOCK_HELD) return false;
  const error = new Error(`flock ended with status ${status}`);
  throw Object.assign(error, { code: "ENOLCK" });
}

/** The exit status of `flock -n` if somebody else has the lock. */
const LOCK_HELD = 1;

function started(cmd: string[], stdin: number): Tool | undefined {
  try {
    return Bun.spawn({ cmd, stdin, stdout: "ignore", stderr: "ignore" });
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
