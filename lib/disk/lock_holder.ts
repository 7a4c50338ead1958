import { escaped } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A line of /proc/locks (proc(5)); in groups the process, device and inode. */
const LINE =
  /^\d+: FLOCK +ADVISORY +WRITE +(-?\d+) +([0-9a-f]+:[0-9a-f]+):(\d+) /gm;

/**
 * Which process has the `flock(2)` of a file, as Linux tells it;
 * `undefined` where that cannot be told.
 *
 * @param identity The file's, as `FileFacts` has it.
 */
export function lockHolder(
  identity: string,
  runtime: Runtime,
): string | undefined {
  const [, inode] = identity.split(":");
  try {
    const locks = new TextDecoder().decode(runtime.readFile("/proc/locks"));
    for (const [, pid, , lockedInode] of locks.matchAll(LINE)) {
      // Devices have other numbers there on some file systems.
      if (lockedInode === inode && Number(pid) > 0) {
        return `${nameOf(pid!, runtime)} (pid ${pid})`;
      }
    }
  } catch {
    // Not Linux, or not for us to read.
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
