import { folderOf } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * Whether a folder is surely gone. It is not where its file system may only not
 * be mounted now: the folder that it was in is gone too, is an empty mount
 * point, or cannot be looked at.
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
