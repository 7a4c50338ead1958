import { folderOf } from "../runtime/path.ts";
import type { QuickRuntime } from "../runtime/runtime.ts";

/**
 * Whether anybody other than root and this user can replace a file: what was a
 * regular file a moment ago may then be a FIFO, and opening it could hang.
 */
export function mayBeSwapped(path: string, runtime: QuickRuntime): boolean {
  const { mode = 0, userId } = runtime.stat(folderOf(path, runtime.os));
  return (mode & 0o022) !== 0 ||
    (userId !== 0 && userId !== runtime.userId());
}
