import { errorCode, type FileFacts, type Runtime } from "./runtime.ts";

/** What is at a path, symlinks followed; `undefined` if nothing is. */
export function factsIfThere(
  path: string,
  runtime: Runtime,
): FileFacts | undefined {
  try {
    return runtime.stat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether anything is seen at a path, even a dangling symlink. */
export function isThere(path: string, runtime: Runtime): boolean {
  try {
    runtime.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether there is certainly nothing at a path. */
export function isGone(path: string, runtime: Runtime): boolean {
  try {
    runtime.stat(path);
    return false;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
  }
}

/**
 * Whether there is a folder at a path. Also true if that cannot be read, such
 * as without permission.
 */
export function isFolder(path: string, runtime: Runtime): boolean {
  try {
    return runtime.stat(path).kind === "folder";
  } catch (error) {
    return !["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
  }
}
