import { PortForError, quoted } from "../error.ts";
import { formatPortRange, MAX_PORT } from "../ports/port_range.ts";
import { PortSet } from "../ports/port_set.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * Where Linux keeps the ports that it must not hand out by itself: they stay
 * free to bind (ip-sysctl, `ip_local_reserved_ports`; for both IP versions, and
 * for each network namespace by itself).
 */
export const RESERVED_PORTS_FILE = "/proc/sys/net/ipv4/ip_local_reserved_ports";

/**
 * The ports that the kernel is told to keep out of its ephemeral range. None on
 * other systems, and where that cannot be read.
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
 * The ports that the kernel is told to keep out of its ephemeral range.
 *
 * @throws an error of the system where that cannot be read.
 */
export function readKernelReservations(runtime: Runtime): PortSet {
  const bytes = runtime.readFile(RESERVED_PORTS_FILE);
  return parseReservedPorts(new TextDecoder().decode(bytes));
}

/**
 * Linux takes so many bytes of a list at a time (a page less what it keeps for
 * itself). What begins the list takes the place of all that was there before,
 * and what follows is added to it: only a short list is changed in one step.
 */
const ONE_WRITE = 4092;

/** Whether the kernel can be told these ports in one step, or must be in several. */
export function fitsOneWrite(ports: PortSet): boolean {
  return formatReservedPorts(ports).length < ONE_WRITE;
}

/**
 * Tells the kernel which ports to keep out of its ephemeral range, instead of
 * those that it was told before.
 *
 * @throws an error of the system where it does not let us.
 */
export function writeKernelReservations(
  ports: PortSet,
  runtime: Runtime,
): void {
  writeList(ports, 0, runtime);
}

/**
 * Tells the kernel of more ports to keep out of its ephemeral range. Whatever
 * somebody else tells it at the same time, nothing is dropped.
 *
 * @throws an error of the system where it does not let us.
 */
export function addKernelReservations(ports: PortSet, runtime: Runtime): void {
  // Whatever does not begin the list is added to it.
  if (!ports.isEmpty) writeList(ports, 1, runtime);
}

function writeList(ports: PortSet, from: number, runtime: Runtime): void {
  const file = runtime.open(RESERVED_PORTS_FILE, {});
  try {
    // An empty list is one line end: nothing at all would change nothing.
    const text = `${formatReservedPorts(ports)}\n`;
    file.write(new TextEncoder().encode(text), from);
  } finally {
    file.close();
  }
}

/**
 * Reads the kernel's form of a list: `5000,6000-6010`, or nothing. The kernel
 * takes port 0 as well. The result is not to be changed by the caller.
 *
 * @throws {PortForError} `FAILED` where it is none.
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

/** What nearly every machine reserves. */
const NONE = new PortSet();

/** Writes the kernel's form of a list. */
export function formatReservedPorts(ports: PortSet): string {
  return [...ports.ranges()].map(formatPortRange).join(",");
}
