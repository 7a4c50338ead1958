import type { Runtime } from "../../lib/runtime/runtime.ts";
import { runOn } from "../support/command_line.ts";
import { realMachine } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

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
  const status = await runOn(realMachine({
    args,
    env: () => undefined,
    terminalWidth: () => undefined,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (err += text),
    isErrorTerminal: () => false,
    ...otherwise,
  }));
  return { status, out, err };
}

/**
 * Runs a command line in this process, all ports being free, on a store of its
 * own; `after` is what that says then.
 *
 * @param text What the store says before; without one there is none.
 */
export async function calledOn(
  text: string | undefined,
  args: readonly string[],
  otherwise: Partial<Runtime> = {},
): Promise<Called & { readonly path: string; readonly after?: string }> {
  using temp = new TempFolder();
  const path = temp.file("ports.toml");
  if (text !== undefined) temp.write("ports.toml", text);
  const machine = { ...ALL_FREE, ...otherwise };
  const outcome = {
    ...await called(["--store", path, ...args], machine),
    path,
  };
  const isThere = temp.names().includes("ports.toml");
  return isThere ? { ...outcome, after: temp.read("ports.toml") } : outcome;
}
