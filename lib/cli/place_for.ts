import { FilePlace } from "../disk/file_place.ts";
import { PortForError } from "../error.ts";
import { isEtcdAddress, refuseOtherAddress } from "../etcd/address.ts";
import type { Place } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CommandLine } from "./command_line.ts";
import type { StoreLocation } from "./store_location.ts";

/** Options that make no sense for a store shared by many machines, and why. */
const ON_ONE_MACHINE: readonly (readonly [option: string, why: string])[] = [
  ["here", "a checkout is one machine's"],
  ["reserve", "a kernel is one machine's"],
  ["prune", "a lease ends by itself there, and no name belongs to a folder"],
];

/** How to open a place. */
export interface Opening {
  readonly wait: number;
  readonly mayBlock: boolean;
  readonly warn: (message: string) => void;
}

/**
 * The place at a location: a cluster if the location or the machine's file
 * names one, otherwise a file.
 *
 * @throws {PortForError} `BAD_INPUT` if the place cannot do what an option
 * asks.
 */
export async function placeFor(
  { path, createFolder, isUsual }: StoreLocation,
  line: CommandLine,
  opening: Opening,
  runtime: Runtime,
): Promise<Place> {
  const address = isEtcdAddress(path)
    ? path
    : isUsual
    ? await namedByMachine(runtime)
    : undefined;
  if (address === undefined) {
    refuseOtherAddress(path);
    if (!line.has("fix")) {
      return new FilePlace(path, { ...opening, createFolder }, runtime);
    }
    throw refusal(
      "fix",
      path,
      "what is wrong with a file is for people to fix",
    );
  }
  for (const [option, why] of ON_ONE_MACHINE) {
    if (line.has(option)) throw refusal(option, address, why);
  }
  const { openEtcd } = await import("../etcd/open.ts");
  return openEtcd(address, opening, runtime);
}

async function namedByMachine(runtime: Runtime): Promise<string | undefined> {
  const { fleetSettings } = await import("../etcd/fleet_settings.ts");
  try {
    return fleetSettings(runtime)?.store;
  } catch (error) {
    const isInvalid = error instanceof PortForError &&
      error.code === "STORE_INVALID";
    if (isInvalid) throw error;
    // Reading the store fails later on, with a message that says why.
    return undefined;
  }
}

function refusal(option: string, store: string, why: string): PortForError {
  return new PortForError(
    "BAD_INPUT",
    `cannot use --${option} with ${store}: ${why} (name another store with ` +
      `--store or --user)`,
  );
}
