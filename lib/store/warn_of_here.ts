import { type Association, portsOf } from "../association.ts";
import { quoted } from "../error.ts";
import { readEphemeralRanges } from "../machine/ephemeral.ts";
import { Prober } from "../machine/probe.ts";
import type { View } from "../place.ts";
import {
  formatPortRange,
  formatPortRanges,
  overlap,
  portsIn,
} from "../ports/port_range.ts";
import type { Store } from "./store.ts";

/**
 * Warns about ports that were chosen on another machine and are not good on
 * this one. The name keeps its port all the same.
 */
export async function warnOfHere(
  { warn, runtime }: Store,
  { newHere }: View,
  associations: readonly Association[],
): Promise<void> {
  const { ranges, configured } = readEphemeralRanges(runtime);
  const prober = new Prober(runtime);
  for (const association of associations) {
    const ports = portsOf(association);
    const which = `port ${formatPortRange(ports)} of ` +
      quoted(association.name);
    if (ranges.some((range) => overlap(range, ports))) {
      warn(
        `${which} is in the ephemeral range ${formatPortRanges(configured)} ` +
          `of this machine, which may hand it out (keep it out with ` +
          `net.ipv4.ip_local_reserved_ports, or take it away with --unbind ` +
          `and ask again here)`,
      );
    }
    // After the first time, what listens there is most likely its own service.
    if (!newHere?.has(association.name)) continue;
    for (const port of portsIn(ports)) {
      if (await prober.verdict(port) !== "held") continue;
      warn(
        `${which} is in use on this machine, which asks for it for the first ` +
          `time (if that is not its service, stop what uses it, or take it ` +
          `away with --unbind and ask again here)`,
      );
      break;
    }
  }
}
