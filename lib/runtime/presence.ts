import { errorCode, type FileFacts, type Runtime } from "./runtime.ts";

/** What is at a path, symlinks followed; `undefined` for nothing. */
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

/** Whether there is nothing at a path; where that cannot be told, there is. */
export function isGone(path: string, runtime: Runtime): boolean {
  try {
    runtime.stat(path);
    return false;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
  }
}

/**
 * Whether there is a folder at a path; so it is taken where that cannot be
 * told, such as for want of permission.
 */
export function isFolder(path: string, runtime: Runtime): boolean {
  try {
    return runtime.stat(path).kind === "folder";
  } catch (error) {
    return !["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
  }
}
