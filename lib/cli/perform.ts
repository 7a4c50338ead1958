import { PortForError, quoted } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { DEFAULT_WAIT, seedOf } from "../store/store.ts";
import { associate } from "./commands/associate.ts";
import type { Call } from "./call.ts";
import { CommandLine } from "./command_line.ts";
import { fail, warn } from "./messages.ts";
import { placeFor } from "./place_for.ts";
import { storeLocation } from "./store_location.ts";

export { fail };

/** Does what the command line asks. Returns the exit status. */
export async function perform(runtime: Runtime): Promise<number> {
  try {
    if (runtime.args.length === 0) {
      const { USAGE } = await import("./commands/help.ts");
      runtime.writeError(USAGE);
      return 2;
    }
    return await performed(new CommandLine(runtime.args), runtime) ?? 0;
  } catch (error) {
    return fail(runtime, error);
  }
}

/**
 * Runs the command. Each command is loaded only when needed.
 *
 * @returns The exit status, if the command decides it.
 */
async function performed(
  line: CommandLine,
  runtime: Runtime,
): Promise<number | void> {
  switch (line.action) {
    case "help": {
      const { helpText, shortHelpText } = await import("./commands/help.ts");
      const isShort = line.value("help") === "-h";
      return runtime.writeOut(isShort ? shortHelpText() : helpText());
    }
    case "version": {
      const { VERSION } = await import("../version.ts");
      return runtime.writeOut(`port-for ${VERSION}\n`);
    }
    case "completions": {
      const { completions } = await import("./commands/completions.ts");
      return runtime.writeOut(completions(line.value("completions")!));
    }
    case "associate": {
      const call = await callFor(line, runtime);
      const isNameless = line.names.length === 0 && !call.checkout?.manifest;
      if (isNameless && line.has("env") && !line.command) {
        const { listVariables } = await import("./commands/list.ts");
        return await listVariables(call);
      }
      if (isNameless && line.has("reserve") && !call.checkout) {
        const { reserve } = await import("./commands/reserve.ts");
        return await reserve(call);
      }
      return await associate(call);
    }
    case "init": {
      const { init } = await import("./commands/init.ts");
      return init(await callFor(line, runtime));
    }
    case "unbind": {
      const { unbind } = await import("./commands/unbind.ts");
      return await unbind(await callFor(line, runtime));
    }
    case "list": {
      const { list } = await import("./commands/list.ts");
      return await list(await callFor(line, runtime));
    }
    case "status": {
      const { status } = await import("./commands/status.ts");
      return await status(await callFor(line, runtime));
    }
    case "explain": {
      const { explain } = await import("./commands/explain.ts");
      return await explain(await callFor(line, runtime));
    }
    case "check": {
      const { check } = await import("./commands/check.ts");
      return await check(await callFor(line, runtime));
    }
    case "prune": {
      const { prune } = await import("./commands/prune.ts");
      return await prune(await callFor(line, runtime));
    }
    case "import": {
      const { importConf } = await import("./commands/import.ts");
      return await importConf(await callFor(line, runtime));
    }
    case "map": {
      const { map } = await import("./commands/map.ts");
      return await map(await callFor(line, runtime));
    }
    case "get": {
      const { get } = await import("./commands/get.ts");
      return await get(await callFor(line, runtime));
    }
  }
}

async function callFor(line: CommandLine, runtime: Runtime): Promise<Call> {
  const location = storeLocation(
    {
      store: line.value("store"),
      user: line.has("user"),
      here: line.has("here"),
    },
    runtime,
  );
  const opening = {
    ...{ wait: waitSeconds(line), mayBlock: true },
    warn: (message: string) => warn(runtime, message),
  };
  const store = {
    ...opening,
    place: await placeFor(location, line, opening, runtime),
    runtime,
    ...(location.isOwn ? { seed: seedOf(runtime) } : {}),
  };
  if (!line.has("here")) return { line, store, runtime };
  const { currentCheckout } = await import("../machine/checkout.ts");
  return { line, store, runtime, checkout: currentCheckout(runtime) };
}

function waitSeconds(line: CommandLine): number {
  const text = line.value("wait");
  if (text === undefined) return DEFAULT_WAIT;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new PortForError(
    "BAD_INPUT",
    `cannot read --wait ${quoted(text)}: not a number of seconds, such as 30`,
  );
}
