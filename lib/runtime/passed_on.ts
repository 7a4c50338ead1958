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
 * The signals to listen for while a command runs: what people and service
 * managers send, which would end this process and leave the command alone.
 */
export function signalsToPassOn(os: string): PassedOn[] {
  return os === "windows"
    ? ["SIGINT"]
    : Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
}

/** What a signal is told by. */
export interface SignalSetting {
  /**
   * The text of /proc/self/status before this process listened for the first
   * signal; `undefined` where there is no such file.
   */
  readonly status: string | undefined;
  /** The text of /proc/self/stat; `undefined` where there is no such file. */
  readonly stat: string | undefined;
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
  { status, stat, hasTerminal }: SignalSetting,
): boolean {
  if (hasTerminal && FROM_KEYS.includes(signal) && mayBeKey(stat)) return false;
  const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)/m.exec(status ?? "") ?? [];
  const bit = BigInt(NUMBERS[signal] - 1);
  return (BigInt(`0x${mask}`) >> bit & 1n) === 0n;
}

/**
 * Keys reach the processes in the terminal's foreground alone. The first one of
 * a container is there, but is mostly sent signals by the container's manager:
 * to have one twice does it less harm than never to have it.
 */
function mayBeKey(stat: string | undefined): boolean {
  if (stat === undefined) return true;
  const [pid] = stat.split(" ", 1);
  // Behind the name, which may have anything in it.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(") ") + 2)
    .split(" ");
  return group === foreground && pid !== "1";
}
