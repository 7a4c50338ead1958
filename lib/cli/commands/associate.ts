import { parsePort, parsePortRange } from "../../ports/port_range.ts";
import type { AssociateOptions } from "../../store/associate_options.ts";
import { type Call, printPorts } from "../call.ts";
import type { CommandLine } from "../command_line.ts";
import { parseDuration } from "../duration.ts";
import { variablesOf } from "../env.ts";
import { wantedNames } from "../here.ts";
import { associate as associateNames } from "../../store/associate.ts";

/**
 * `port-for NAME...`: prints the ports of each, associating them first; or runs
 * a command with them.
 *
 * @returns The command's exit status, where there is one.
 */
export async function associate(call: Call): Promise<number> {
  const { line, store, runtime } = call;
  const options = associateOptions(line);
  const directory = line.has("here")
    ? { directory: runtime.currentFolder() }
    : {};
  const names = wantedNames(call, line.names);
  if (line.command || line.has("env")) {
    // Two names with one spelling are refused before either is associated.
    variablesOf(names.map(({ short }) => [short, 0]));
  }
  const associations = await associateNames(
    store,
    names.map(({ full }) => full),
    { ...options, ...directory },
  );
  const named = names.map(({ short }, at) =>
    [short, associations[at]!] as const
  );
  if (line.command) {
    const { runWithPorts } = await import("./run.ts");
    return await runWithPorts(line.command, named, runtime);
  }
  printPorts(call, named);
  return 0;
}

function associateOptions(line: CommandLine): AssociateOptions {
  const port = line.value("port");
  const range = line.value("range");
  const count = line.value("count");
  const ttl = line.value("ttl");
  const exclude = line.values("exclude").flatMap((list) => list.split(","));
  return {
    ...(port === undefined ? {} : { port: parsePort(port, "--port") }),
    ...(range === undefined ? {} : { range: parsePortRange(range, "--range") }),
    ...(exclude.length === 0 ? {} : {
      exclude: exclude.map((part) => parsePortRange(part, "--exclude")),
    }),
    ...(count === undefined ? {} : { count: parsePort(count, "--count") }),
    ...(ttl === undefined ? {} : { ttl: parseDuration(ttl, "--ttl") }),
    random: line.has("random"),
    udp: line.has("udp"),
    reserve: line.has("reserve"),
  };
}
