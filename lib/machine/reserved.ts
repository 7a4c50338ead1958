import { parsePortRange, type PortRange } from "../ports/port_range.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/** Where Linux keeps the ports that it must not hand out (ip-sysctl). */
export const RESERVED_PORTS_FILE = "/proc/sys/net/ipv4/ip_local_reserved_ports";

/**
 * The ports that the Linux kernel is told to keep out of its ephemeral range
 * (`net.ipv4.ip_local_reserved_ports`, for both IP versions): they are free to
 * bind, but never handed out. Empty on other systems, and where it cannot be
 * read.
 */
export function readReservedPorts(runtime: Runtime): PortRange[] {
  if (runtime.os !== "linux" && runtime.os !== "android") return [];
  try {
    const bytes = runtime.readFile(RESERVED_PORTS_FILE);
    return parseReservedPorts(new TextDecoder().decode(bytes));
  } catch (error) {
    const denied = (error as Error).name === "NotCapable";
    if (denied || errorCode(error) !== undefined) return [];
    throw error;
  }
}

/** Reads the kernel's own form: `5000,6000-6010`, or nothing. */
export function parseReservedPorts(text: string): PortRange[] {
  return text.trim().split(",").filter((part) => part !== "")
    .map((part) => parsePortRange(part, RESERVED_PORTS_FILE));
}
