import { runOn } from "../support/command_line.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";

/** What a command line printed, and the exit status that it ended with. */
export interface Called {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** On this machine, all ports are free. */
export const ALL_FREE: Partial<Runtime> = {
  bindTcp: () => "bound",
  connectTcp: () => Promise.resolve("refused"),
};

/**
 * Runs a command line in this process, on this machine but for its environment,
 * which is empty.
 *
 * @param otherwise What else is otherwise on the machine.
 */
export async function called(
  args: readonly string[],
  otherwise: Partial<Runtime> = {},
): Promise<Called> {
  let out = "";
  let err = "";
  const status = await runOn({
    ...currentRuntime,
    args,
    env: () => undefined,
    terminalWidth: () => undefined,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (err += text),
    ...otherwise,
  });
  return { status, out, err };
}
