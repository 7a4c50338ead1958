import { parsePortRange, type PortRange } from "../ports/port_range.ts";
import { PUBLISHED_RANGE } from "../ports/registry.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Where an orchestrator on this machine publishes services. */
export interface Published {
  /** Ports that NAT rules may answer, whatever listens. */
  readonly range: PortRange;
  /** How we know, for messages. */
  readonly sign: string;
}

/** Folders that exist on a node of Kubernetes or Docker Swarm. */
const SIGNS = [
  "/var/lib/kubelet",
  "/etc/kubernetes",
  "/etc/rancher",
  "/var/lib/docker/swarm",
];

/** The range in the command line of an API server. */
const RANGE_FLAG = /--service-node-port-range[=\0](\d+-\d+)/;

/**
 * The ports that NAT rules may answer, if this machine seems to be a node of an
 * orchestrator; otherwise `undefined`.
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
    // No /proc, not allowed for Deno, or not a valid range.
  }
  return undefined;
}

function commandLine(pid: string, runtime: Runtime): string {
  try {
    const bytes = runtime.readFile(`/proc/${pid}/cmdline`);
    return new TextDecoder().decode(bytes);
  } catch {
    // The process has just ended.
    return "";
  }
}
