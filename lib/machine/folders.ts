import { folderOf } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * Whether a folder is surely gone. It is not if its file system may just be
 * unmounted: if its parent is gone too, is empty, or cannot be read.
 */
export function isSurelyGone(path: string, runtime: Runtime): boolean {
  try {
    if (runtime.stat(path).kind === "folder") return false;
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return false;
  }
  try {
    return runtime.readFolder(folderOf(path, runtime.os)).length > 0;
  } catch {
    return false;
  }
}
