import { PortForError, quoted } from "../../error.ts";
import { holdersOf, readHolders } from "../../machine/listeners.ts";
import { Prober, WHAT_FORBIDS } from "../../machine/probe.ts";
import { errorCode, type Runtime } from "../../runtime/runtime.ts";
import { type Named, portList } from "../call.ts";
import { variablesOf } from "../env.ts";
import { say } from "../messages.ts";
import { holderText } from "../text.ts";

/** The statuses with which shells say that they could not run a command. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * `port-for NAME... -- COMMAND...`: runs a command with the ports of names in
 * its environment, and in its arguments where these say `{NAME}` or `{port}`,
 * the first name's.
 *
 * @returns The command's exit status.
 * @throws {PortForError} where a port is in use by now.
 */
export async function runWithPorts(
  [command = "", ...args]: readonly string[],
  named: readonly Named[],
  runtime: Runtime,
): Promise<number> {
  const ports = named.map(([name, { port }]) => [name, port] as const);
  const [, firstPort] = ports[0]!;
  const environment = {
    PORT: `${firstPort}`,
    ...Object.fromEntries(variablesOf(ports)),
  };
  const prober = new Prober(runtime);
  for (const one of named) await refuseUnusable(command, one, prober, runtime);
  const places = new Map([...ports, ["port", firstPort]]);
  try {
    return await runtime.runInPlace(
      command,
      args.map((arg) => filledIn(arg, places)),
      environment,
    );
  } catch (error) {
    return couldNotRun(command, error, runtime);
  }
}

/** Replaces `{name}` by its port; braces around anything else stay. */
function filledIn(text: string, places: ReadonlyMap<string, number>): string {
  return text.replace(
    /\{([^{}]*)\}/g,
    (whole, name: string) => `${places.get(name) ?? whole}`,
  );
}

/** The command would fail to listen, with a message that says less. */
async function refuseUnusable(
  command: string,
  [name, association]: Named,
  prober: Prober,
  runtime: Runtime,
): Promise<void> {
  for (const port of portList(association)) {
    const verdict = await prober.verdict(port);
    if (verdict === "free") continue;
    const whose = `port ${port} of ${quoted(name)}`;
    if (verdict === "forbidden") {
      throw new PortForError(
        "NO_PERMISSION",
        `cannot run ${quoted(command)}: it may not bind ${whose}: ` +
          `${WHAT_FORBIDS} (allow it there, or run the command by itself)`,
      );
    }
    const all = readHolders(runtime, new Set([port]));
    const holders = holdersOf(port, true, all, runtime);
    throw new PortForError(
      "FAILED",
      `cannot run ${quoted(command)}: ${whose} is in use by ` +
        `${holderText(holders)} (stop that first)`,
    );
  }
}

function couldNotRun(
  command: string,
  error: unknown,
  runtime: Runtime,
): number {
  const notFound = errorCode(error) === "ENOENT";
  const why = notFound
    ? "there is no such command"
    : errorCode(error) === "EACCES"
    ? "it is not an executable file"
    : (error as Error).message;
  say(runtime, `cannot run ${quoted(command)}: ${why}`);
  return notFound ? NOT_FOUND : NOT_EXECUTABLE;
}
