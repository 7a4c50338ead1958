/** A signal that port-for passes on to the command that it runs. */
export type PassedOn = keyof typeof NUMBERS;

/** What they are called, with their numbers on Linux. */
const NUMBERS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
};

/** What a key of the terminal sends to the command as well. */
const FROM_KEYS: readonly PassedOn[] = ["SIGINT", "SIGQUIT"];

/**
 * The signals to listen for while a command runs: all those that would end this
 * process and leave the command alone.
 */
export function signalsToPassOn(os: string): PassedOn[] {
  return os === "windows"
    ? ["SIGINT"]
    : Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
}

/** What a signal is told by, before this process listens for the first one. */
export interface SignalSetting {
  /** The text of /proc/self/status; `undefined` where there is none. */
  readonly status: string | undefined;
  /** Whether the process has a terminal. */
  readonly hasTerminal: boolean;
}

/**
 * Whether a signal that reached this process is for the command, too. It is not
 * where a key of the terminal sent it to both; nor where it was ignored when
 * this process started (by nohup, or by a shell in the background): it still
 * is then, although the runtime forgets that with the first listener.
 */
export function isForCommand(
  signal: PassedOn,
  { status, hasTerminal }: SignalSetting,
): boolean {
  if (hasTerminal && FROM_KEYS.includes(signal)) return false;
  const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)/m.exec(status ?? "") ?? [];
  const bit = BigInt(NUMBERS[signal] - 1);
  return (BigInt(`0x${mask}`) >> bit & 1n) === 0n;
}
