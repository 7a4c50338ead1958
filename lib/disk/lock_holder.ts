import { escaped } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A line of /proc/locks (proc(5)), capturing pid, device and inode. */
const LINE =
  /^\d+: FLOCK +ADVISORY +WRITE +(-?\d+) +([0-9a-f]+:[0-9a-f]+):(\d+) /gm;

/**
 * How often to read the list. The kernel returns it page by page, so a read can
 * miss lines that move between pages while other locks come and go.
 */
const READINGS = 5;

/**
 * Which process holds the `flock(2)` on a file, according to Linux; `undefined`
 * if unknown.
 *
 * @param identity The file's identity, as in `FileFacts`.
 */
export function lockHolder(
  identity: string,
  runtime: Runtime,
): string | undefined {
  const [device = "", inode = ""] = identity.split(":");
  try {
    const file = { device: deviceInHex(device), inode };
    for (let reading = 1; reading <= READINGS; reading++) {
      const pid = holderIn(runtime.readFile("/proc/locks"), file);
      if (pid !== undefined) return `${nameOf(pid, runtime)} (pid ${pid})`;
    }
  } catch {
    // Not Linux, or not readable.
  }
  return undefined;
}

function holderIn(
  locks: Uint8Array,
  { device, inode }: { device: string; inode: string },
): string | undefined {
  const lines = [...new TextDecoder().decode(locks).matchAll(LINE)]
    .filter(([, pid, , itsInode]) => itsInode === inode && Number(pid) > 0);
  const exact = lines.find(([, , itsDevice]) => itsDevice === device);
  // On some file systems, the device number differs here.
  const [, pid] = exact ?? (lines.length === 1 ? lines[0]! : []);
  return pid;
}

/** A device number in the format of /proc/locks: major and minor. */
function deviceInHex(device: string): string {
  const number = BigInt(device);
  const major = (number >> 8n & 0xfffn) | (number >> 32n & ~0xfffn);
  const minor = (number & 0xffn) | (number >> 12n & 0xfff00n);
  return [major, minor].map((part) => part.toString(16).padStart(2, "0"))
    .join(":");
}

function nameOf(pid: string, runtime: Runtime): string {
  try {
    const name = runtime.readFile(`/proc/${pid}/comm`);
    return escaped(new TextDecoder().decode(name).trim());
  } catch {
    return "a process";
  }
}
