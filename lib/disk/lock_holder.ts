import { escaped } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A line of /proc/locks (proc(5)), capturing pid, device and inode. */
const LINE =
  /^\d+: FLOCK +ADVISORY +WRITE +(-?\d+) +([0-9a-f]+:[0-9a-f]+):(\d+) /gm;

/**
 * How often the list is read: the kernel tells it by the page, and lines move
 * from page to page, past the reader, while others come and go.
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
  const [, inode] = identity.split(":");
  try {
    for (let reading = 1; reading <= READINGS; reading++) {
      const pid = holderIn(runtime.readFile("/proc/locks"), inode!);
      if (pid !== undefined) return `${nameOf(pid, runtime)} (pid ${pid})`;
    }
  } catch {
    // Not Linux, or not readable.
  }
  return undefined;
}

function holderIn(locks: Uint8Array, inode: string): string | undefined {
  for (const line of new TextDecoder().decode(locks).matchAll(LINE)) {
    const [, pid, , lockedInode] = line;
    // Compare only inodes: on some file systems the device number differs here.
    if (lockedInode === inode && Number(pid) > 0) return pid;
  }
  return undefined;
}

function nameOf(pid: string, runtime: Runtime): string {
  try {
    const name = runtime.readFile(`/proc/${pid}/comm`);
    return escaped(new TextDecoder().decode(name).trim());
  } catch {
    return "a process";
  }
}
