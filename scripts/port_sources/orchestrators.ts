import type { PortRow } from "./port_row.ts";

/**
 * The ports that orchestrators publish services on by default: NodePorts of
 * Kubernetes (`--service-node-port-range` of kube-apiserver) and the published
 * ports of Docker Swarm. On a node, NAT rules may answer there without any
 * socket.
 */
export const ORCHESTRATORS: readonly PortRow[] = [{
  first: 30000,
  last: 32767,
  transports: ["tcp", "udp"],
  name: "",
  description: "Kubernetes NodePorts, Docker Swarm's published ports",
}];
