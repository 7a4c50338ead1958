import type { Runtime } from "../runtime/runtime.ts";
import { parseEtcdAddress } from "./address.ts";
import { EtcdPlace, type EtcdPlaceOptions } from "./etcd_place.ts";
import { fleetSettings } from "./fleet_settings.ts";
import { readTrust, type TrustSettings } from "./trust.ts";

/** How to open a store in a cluster. */
export interface OpeningEtcd extends EtcdPlaceOptions {
  /** What to trust. Defaults to the environment, then the machine's file. */
  readonly trust?: TrustSettings;
}

/**
 * Opens the store at an address. Connects to nothing yet.
 *
 * @throws {PortForError} if the address or the trust settings are not valid.
 */
export function openEtcd(
  text: string,
  options: OpeningEtcd,
  runtime: Runtime,
): EtcdPlace {
  const address = parseEtcdAddress(text);
  const settings = { ...settingsFor(text, runtime), ...options.trust };
  return new EtcdPlace(address, readTrust(settings, runtime), options, runtime);
}

/**
 * The machine's settings, with its password, are only for the machine's
 * cluster.
 */
function settingsFor(text: string, runtime: Runtime): TrustSettings {
  try {
    const settings = fleetSettings(runtime);
    return settings?.store === text ? settings : {};
  } catch {
    // Errors in that file are reported to those who use it as their store.
    return {};
  }
}
