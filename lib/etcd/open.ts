import type { Runtime } from "../runtime/runtime.ts";
import { parseEtcdAddress } from "./address.ts";
import { EtcdPlace, type EtcdPlaceOptions } from "./etcd_place.ts";
import { fleetSettings } from "./fleet_settings.ts";
import { readTrust, type TrustSettings } from "./trust.ts";

/** How a store in a cluster is opened. */
export interface OpeningEtcd extends EtcdPlaceOptions {
  /** What is trusted. By default what the environment or the machine says. */
  readonly trust?: TrustSettings;
}

/**
 * Opens the store at an address. Nothing is asked yet.
 *
 * @throws {PortForError} where the address, or what is to be trusted, is not as
 * it should be.
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

/** The machine's password is for no other cluster than the machine's. */
function settingsFor(text: string, runtime: Runtime): TrustSettings {
  try {
    const settings = fleetSettings(runtime);
    return settings?.store === text ? settings : {};
  } catch {
    // Whoever uses that file is told what is wrong with it.
    return {};
  }
}
