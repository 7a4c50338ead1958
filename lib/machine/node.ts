import type { Runtime } from "../runtime/runtime.ts";

/** What is there on a machine that an orchestrator publishes services on. */
const SIGNS = [
  "/var/lib/kubelet",
  "/etc/kubernetes",
  "/etc/rancher",
  "/var/lib/docker/swarm",
];

/** The range that a kube-apiserver on this machine was given, if it was. */
const RANGE_FLAG = /--service-node-port-range[=\0](\d+-\d+)/;

/**
 * Why this machine seems to be a node of an orchestrator, on which NAT rules
 * may answer 30000-32767; `undefined` where nothing says that it is.
 */
export function signOfNode(runtime: Runtime): string | undefined {
  if (runtime.os !== "linux") return undefined;
  return SIGNS.find((path) => isThere(path, runtime)) ??
    apiServerWithRange(runtime);
}

function isThere(path: string, runtime: Runtime): boolean {
  try {
    runtime.stat(path);
    return true;
  } catch {
    return false;
  }
}

function apiServerWithRange(runtime: Runtime): string | undefined {
  try {
    for (const pid of runtime.readFolder("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      if (RANGE_FLAG.test(commandLine(pid, runtime))) {
        return `kube-apiserver (pid ${pid})`;
      }
    }
  } catch {
    // No /proc, or not for this Deno to read.
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
