import { readStore } from "../disk/store_file.ts";
import { machineStore } from "../disk/usual_stores.ts";
import { PortForError } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { readToml, type Toml } from "../toml/meaning.ts";
import { isEtcdAddress } from "./address.ts";
import type { TrustSettings } from "./trust.ts";
import { isObject } from "./wire.ts";

/** What the machine's file says about the cluster that is its store. */
export interface FleetSettings extends TrustSettings {
  /** The address of the store. */
  readonly store: string;
}

/** A quick check: a file that names a cluster has this. */
const MAYBE_NAMES_ONE = /^[ \t]*["']?store\b/m;

const KEYS = ["cacert", "cert", "key", "user", "password-file"];

/**
 * The cluster that the machine's file names as its store: `store =
 * "etcds://..."` and the table `[etcd]`. `undefined` if it names none or does
 * not exist.
 *
 * @throws {PortForError} `STORE_INVALID` if these settings are not valid.
 */
export function fleetSettings(runtime: Runtime): FleetSettings | undefined {
  const path = machineStore(runtime);
  const text = readStore(path, runtime)?.text;
  if (text === undefined || !MAYBE_NAMES_ONE.test(text)) return undefined;
  const { store, etcd = {} } = restOf(text);
  if (store === undefined) return undefined;
  const wrong = (why: string) =>
    new PortForError(
      "STORE_INVALID",
      `cannot use the store ${path}: ${why} (fix it by hand)`,
    );
  if (typeof store !== "string" || !isEtcdAddress(store)) {
    throw wrong('"store" is not the address of an etcd cluster');
  }
  if (!isObject(etcd)) throw wrong('"etcd" is not a table');
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(etcd)) {
    if (!KEYS.includes(key)) {
      throw wrong(`[etcd] has no key "${key}", but ${KEYS.join(", ")}`);
    }
    if (typeof value !== "string") throw wrong(`"${key}" is not a text`);
    texts[key] = value;
  }
  return { store, ...texts, passwordFile: texts["password-file"] };
}

/** Everything but the ports; empty if the text is not TOML. */
function restOf(text: string): Toml {
  try {
    return readToml(text).rest;
  } catch {
    // Reading the file as a store reports the error.
    return {};
  }
}
