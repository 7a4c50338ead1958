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
