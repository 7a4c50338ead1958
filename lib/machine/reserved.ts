import { PortForError, quoted } from "../error.ts";
import { formatPortRange, MAX_PORT } from "../ports/port_range.ts";
import { PortSet } from "../ports/port_set.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * Ports that Linux must not hand out as ephemeral; they can still be bound. The
 * list covers both IP versions, and each network namespace has its own
 * (ip-sysctl, `ip_local_reserved_ports`).
 */
export const RESERVED_PORTS_FILE = "/proc/sys/net/ipv4/ip_local_reserved_ports";

/**
 * The ports that the kernel keeps out of its ephemeral range. Empty on other
 * systems, and if the list cannot be read.
 */
export function readReservedPorts(runtime: Runtime): PortSet {
  if (runtime.os !== "linux" && runtime.os !== "android") return new PortSet();
  try {
    return readKernelReservations(runtime);
  } catch (error) {
    const denied = (error as Error).name === "NotCapable";
    if (error instanceof PortForError) throw error;
    if (denied || errorCode(error) !== undefined) return new PortSet();
    throw error;
  }
}

/**
 * The ports that the kernel keeps out of its ephemeral range, or the error.
 *
 * @throws a system error if the list cannot be read.
 */
export function readKernelReservations(runtime: Runtime): PortSet {
  const bytes = runtime.readFile(RESERVED_PORTS_FILE);
  return parseReservedPorts(new TextDecoder().decode(bytes));
}

/**
 * Linux takes at most this many bytes in one write (a page, minus its own use).
 * A write at the start of the file replaces the list and later writes add to
 * it, so only a short list can be changed in one step.
 */
const ONE_WRITE = 4092;

/** Whether the kernel can be told these ports in one write. */
export function fitsOneWrite(ports: PortSet): boolean {
  return formatReservedPorts(ports).length < ONE_WRITE;
}

/**
 * Tells the kernel which ports to keep out of its ephemeral range. Replaces the
 * list.
 *
 * @throws a system error if it refuses.
 */
export function writeKernelReservations(
  ports: PortSet,
  runtime: Runtime,
): void {
  writeList(ports, 0, runtime);
}

/**
 * Tells the kernel to keep further ports out of its ephemeral range. Nothing is
 * lost if somebody else writes to the list at the same time.
 *
 * @throws a system error if it refuses.
 */
export function addKernelReservations(ports: PortSet, runtime: Runtime): void {
  // A write at any offset but 0 adds to the list.
  if (!ports.isEmpty) writeList(ports, 1, runtime);
}

function writeList(ports: PortSet, from: number, runtime: Runtime): void {
  const file = runtime.open(RESERVED_PORTS_FILE, {});
  try {
    // An empty list is a newline: an empty write would change nothing.
    const text = `${formatReservedPorts(ports)}\n`;
    file.write(new TextEncoder().encode(text), from);
  } finally {
    file.close();
  }
}

/**
 * Parses the kernel's list format: `5000,6000-6010`, or nothing. The kernel
 * allows port 0 as well. Do not modify the result.
 *
 * @throws {PortForError} `FAILED` if it is not such a list.
 */
export function parseReservedPorts(text: string): PortSet {
  if (text.trim() === "") return NONE;
  const ports = new PortSet();
  for (const part of text.split(/[\s,]+/)) {
    if (part === "") continue;
    const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    const range = { first: Number(first), last: Number(last ?? first) };
    if (!(range.first <= range.last && range.last <= MAX_PORT)) {
      throw new PortForError(
        "FAILED",
        `cannot read the reserved ports: ${
          quoted(part)
        } is not a port or range`,
      );
    }
    ports.add(range);
  }
  return ports;
}

/** Shared, because the list is empty on nearly every machine. */
const NONE = new PortSet();

/** Formats ports as the kernel's list. */
export function formatReservedPorts(ports: PortSet): string {
  return [...ports.ranges()].map(formatPortRange).join(",");
}
