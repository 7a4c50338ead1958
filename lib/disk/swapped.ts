import { folderOf } from "../runtime/path.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Whether others than root and this user can put something in a file's place:
 * then what was a file a moment ago may be a FIFO by now, which has no end.
 */
export function mayBeSwapped(path: string, runtime: Runtime): boolean {
  const { mode = 0, userId } = runtime.stat(folderOf(path, runtime.os));
  return (mode & 0o022) !== 0 ||
    (userId !== 0 && userId !== runtime.userId());
}
