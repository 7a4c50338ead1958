/**
 * port-for gives names to local ports: `port-for NAME` finds a TCP port that is
 * free and will stay free, prints it, and remembers it.
 *
 * As a library:
 *
 * ```ts
 * import { PortStore, selectRandom } from "@x/port-for";
 *
 * const anyFreePort = await selectRandom();
 *
 * const store = new PortStore(`${await Deno.makeTempDir()}/ports.toml`);
 * const samePortEveryTime = await store.associate("web");
 * console.log(anyFreePort, samePortEveryTime);
 * ```
 *
 * Importing it does nothing and needs no permissions. As the main module, it is
 * the command line.
 *
 * @module
 */
export { PortForError, type PortForErrorCode } from "./lib/error.ts";
export {
  availableGoodPorts,
  type AvailableOptions,
  availablePorts,
  ephemeralPortRanges,
  goodPortRanges,
} from "./lib/machine/good_ports.ts";
export type {
  ClaimedPort,
  PortClaim,
  PortExplanation,
} from "./lib/machine/explain.ts";
export type { Claim } from "./lib/machine/claim.ts";
export { explainPort } from "./lib/store/explain.ts";
export type { Holder } from "./lib/machine/holder.ts";
export type { ProbeOptions } from "./lib/machine/probe.ts";
export {
  getPort,
  isAvailable,
  portIsUsed,
  type SelectOptions,
  selectRandom,
} from "./lib/machine/select.ts";
export type { Bounds } from "./lib/ports/policy.ts";
export type { GoodRangeShape } from "./lib/ports/range_shape.ts";
export type { Service } from "./lib/ports/services.ts";
export type { PortRange } from "./lib/ports/port_range.ts";
export { type Ports, PortSet, portSet } from "./lib/ports/port_set.ts";
export type { Association } from "./lib/association.ts";
export type { Checked, Policy } from "./lib/place.ts";
export type { AssociateOptions } from "./lib/store/associate_options.ts";
export type { Pruned } from "./lib/store/prune.ts";
export type { ListOptions } from "./lib/store/list.ts";
export { FleetStore, type FleetStoreOptions } from "./lib/store/fleet_store.ts";
export type { TrustSettings } from "./lib/etcd/trust.ts";
export { PortStore, type PortStoreOptions } from "./lib/store/port_store.ts";

// The types of what the command line prints with --json.
export type { NamedPorts } from "./lib/cli/call.ts";
export type { CheckReport } from "./lib/cli/commands/check.ts";
export type { ExplainedPort } from "./lib/cli/commands/explain.ts";
export type { PortKind, PortMap } from "./lib/cli/commands/map.ts";
export type { PrunedName } from "./lib/cli/commands/prune.ts";
export type { AssociationStatus } from "./lib/cli/commands/status.ts";

if (import.meta.main) {
  const { main } = await import("./lib/cli/main.ts");
  const { currentRuntime } = await import("./lib/runtime/current.ts");
  await main(currentRuntime, async () => ({
    runtime: currentRuntime,
    ...await import("./lib/cli/perform.ts"),
  }));
}
