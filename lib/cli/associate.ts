import { parsePort, parsePortRange } from "../ports/port_range.ts";
import type { AssociateOptions } from "../store/port_store.ts";
import { type Call, printPorts } from "./call.ts";
import type { CommandLine } from "./command_line.ts";

/** `port-for NAME...`: prints the port of each, associating it first. */
export async function associate(call: Call): Promise<void> {
  const { line, store } = call;
  const ports = await store.associate(line.names, associateOptions(line));
  printPorts(call, line.names, ports);
}

function associateOptions(line: CommandLine): AssociateOptions {
  const port = line.value("port");
  const range = line.value("range");
  const exclude = line.values("exclude").flatMap((list) => list.split(","));
  return {
    ...(port === undefined ? {} : { port: parsePort(port, "--port") }),
    ...(range === undefined ? {} : { range: parsePortRange(range, "--range") }),
    ...(exclude.length === 0 ? {} : {
      exclude: exclude.map((part) => parsePortRange(part, "--exclude")),
    }),
    random: line.has("random"),
    udp: line.has("udp"),
  };
}
