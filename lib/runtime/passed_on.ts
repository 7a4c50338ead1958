/** A signal that port-for passes on to the command that it runs. */
export type PassedOn = keyof typeof NUMBERS;

/** Their names, with their numbers on Linux. */
const NUMBERS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
};

/** Signals that the terminal's keys send to the command as well. */
const FROM_KEYS: readonly PassedOn[] = ["SIGINT", "SIGQUIT"];

/**
 * The signals to listen for while a command runs: those that people and service
 * managers send, and that would end only this process.
 */
export function signalsToPassOn(os: string): PassedOn[] {
  return os === "windows"
    ? ["SIGINT"]
    : Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
}

/** What decides whether a signal is passed on. */
export interface SignalSetting {
  /**
   * The text of /proc/self/status before this process listened for the first
   * signal; `undefined` if there is no such file.
   */
  readonly status: string | undefined;
  /** The text of /proc/self/stat; `undefined` if there is no such file. */
  readonly stat: string | undefined;
  /** Whether the process has a terminal. */
  readonly hasTerminal: boolean;
}

/**
 * Whether to pass a signal on to the command. Not if a key of the terminal sent
 * it to both; nor if it was ignored when this process started (by nohup, or by
 * a shell in the background), because then it must stay ignored.
 */
export function isForCommand(
  signal: PassedOn,
  { status, stat, hasTerminal }: SignalSetting,
): boolean {
  if (hasTerminal && FROM_KEYS.includes(signal) && mayBeKey(stat)) return false;
  const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)/m.exec(status ?? "") ?? [];
  const bit = BigInt(NUMBERS[signal] - 1);
  return (BigInt(`0x${mask}`) >> bit & 1n) === 0n;
}

/**
 * Keys reach only the processes in the terminal's foreground. The first process
 * of a container is in the foreground, but usually gets signals from the
 * container's manager; there, a signal that arrives twice is better than none.
 */
function mayBeKey(stat: string | undefined): boolean {
  if (stat === undefined) return true;
  const [pid] = stat.split(" ", 1);
  // Skip the process's name, which may contain anything.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(") ") + 2)
    .split(" ");
  return group === foreground && pid !== "1";
}
