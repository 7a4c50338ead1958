import { parsePortRange, type PortRange } from "../ports/port_range.ts";
import { PUBLISHED_RANGE } from "../ports/registry.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where the orchestrator of a machine publishes services. */
export interface Published {
  /** The ports that NAT rules may answer, whoever listens. */
  readonly range: PortRange;
  /** What says that the machine is a node, for messages. */
  readonly sign: string;
}

/** What is there on a machine that an orchestrator publishes services on. */
const SIGNS = [
  "/var/lib/kubelet",
  "/etc/kubernetes",
  "/etc/rancher",
  "/var/lib/docker/swarm",
];

/** The range that an API server on this machine was given, if it was. */
const RANGE_FLAG = /--service-node-port-range[=\0](\d+-\d+)/;

/**
 * Where NAT rules may answer, if this machine seems to be a node of an
 * orchestrator; `undefined` where nothing says that it is.
 */
export function publishedHere(runtime: Runtime): Published | undefined {
  if (runtime.os !== "linux") return undefined;
  const ranged = apiServerWithRange(runtime);
  if (ranged) return ranged;
  const sign = SIGNS.find((path) => isThere(path, runtime));
  return sign === undefined ? undefined : { range: PUBLISHED_RANGE, sign };
}

function isThere(path: string, runtime: Runtime): boolean {
  try {
    runtime.stat(path);
    return true;
  } catch {
    return false;
  }
}

function apiServerWithRange(runtime: Runtime): Published | undefined {
  try {
    for (const pid of runtime.readFolder("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const [, range] = RANGE_FLAG.exec(commandLine(pid, runtime)) ?? [];
      if (range === undefined) continue;
      return {
        range: parsePortRange(range),
        sign: `--service-node-port-range of process ${pid}`,
      };
    }
  } catch {
    // No /proc, not for this Deno to read, or no range that a server would take.
  }
  return undefined;
}

function commandLine(pid: string, runtime: Runtime): string {
  try {
    const bytes = runtime.readFile(`/proc/${pid}/cmdline`);
    return new TextDecoder().decode(bytes);
  } catch {
    // It has just ended.
    return "";
  }
}
