import { PortForError, quoted } from "../../error.ts";
import type { Checkout } from "../../machine/checkout.ts";
import { parseDuration } from "../../ports/duration.ts";
import {
  formatPortRange,
  parsePort,
  parsePortRange,
  type PortRange,
} from "../../ports/port_range.ts";
import { associateEach } from "../../store/associate.ts";
import type { AssociateOptions } from "../../store/associate_options.ts";
import type { Manifest } from "../../toml/manifest.ts";
import { type Call, type Named, printPorts } from "../call.ts";
import type { CommandLine } from "../command_line.ts";
import { type WantedName, wantedNames } from "../here.ts";
import { noteLikelyOptions } from "../likely_option.ts";

/**
 * `port-for NAME...`: prints the port of each name, which gets one first if it
 * has none; or runs a command with the ports.
 *
 * @returns The exit status.
 */
export async function associate(call: Call): Promise<number> {
  const { line, runtime, checkout } = call;
  // Modules that few calls need are loaded only by those.
  const manifest = checkout &&
    (await import("../../disk/manifest_file.ts"))
      .readManifestOf(checkout, runtime);
  const wanted = await wantedNames(call, line.names, manifest);
  if (wanted.length === 0 && line.command) throw noNames(checkout!);
  const named = await associated(call, wanted);
  if (line.command) {
    const { runWithPorts } = await import("./run.ts");
    const { variablesFor } = await import("../variables.ts");
    const variables = variablesFor(named, manifest);
    return await runWithPorts(line.command, named, variables, runtime);
  }
  await print(call, named, manifest);
  return 0;
}

function noNames({ manifest }: Checkout): PortForError {
  return new PortForError(
    "FAILED",
    `cannot run the command: ${manifest} has no names, so there is no port ` +
      `for it (add one under [names])`,
  );
}

async function associated(
  call: Call,
  wanted: readonly WantedName[],
): Promise<Named[]> {
  const { line, store } = call;
  const options = optionsOf(line);
  if (options.port !== undefined && wanted.length > 1) {
    throw new PortForError(
      "BAD_INPUT",
      `cannot give port ${options.port} to ${wanted.length} names: ` +
        `--port is for one NAME, and the manifest has ` +
        wanted.map(({ short }) => quoted(short)).join(", "),
    );
  }
  if (line.command || line.has("env")) {
    // Names with the same variable are refused before any of them gets a port.
    const { variablesOf } = await import("../env.ts");
    variablesOf(wanted.map(({ short }) => [short, 0]));
  }
  await noteLikelyOptions(call, wanted);
  const associations = await associateEach(
    store,
    wanted.map(({ short, full, directory, wishes }) => ({
      name: full,
      ...(wishes?.range && !options.range ? rangeOf(short, wishes.range) : {}),
      options: {
        ...wishes,
        ...options,
        ...(directory === undefined ? {} : { directory }),
      },
    })),
  );
  return wanted.map(({ short }, at) => [short, associations[at]!] as const);
}

/** Names the manifest's range in messages, for when it has no port to offer. */
function rangeOf(name: string, range: PortRange): { rangeName: string } {
  const which = `${formatPortRange(range)} of ${quoted(name)}`;
  return { rangeName: `the range ${which} in the manifest` };
}

async function print(
  call: Call,
  named: readonly Named[],
  manifest: Manifest | undefined,
): Promise<void> {
  const { line, runtime } = call;
  const format = line.value("format");
  if (line.has("env")) {
    const { printVariables } = await import("../print_variables.ts");
    const { variablesFor } = await import("../variables.ts");
    printVariables(call, variablesFor(named, manifest));
  } else if (format !== undefined) {
    const { filledFormat } = await import("../format.ts");
    const ports = named.map(([name, { port }]) => [name, port] as const);
    runtime.writeOut(`${filledFormat(format, ports)}\n`);
  } else printPorts(call, named);
}

function optionsOf(line: CommandLine): AssociateOptions {
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
    ...(line.has("udp") ? { udp: true } : {}),
    random: line.has("random"),
    reserve: line.has("reserve"),
    allow: line.has("allow"),
  };
}
