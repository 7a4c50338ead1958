import { fileNameOf, folderOf, joined } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/** As in Linux, a path with more symlinks than this counts as a loop. */
const MOST_SYMLINKS = 40;

/**
 * Follows the symlinks of a path to a file, which need not exist.
 *
 * @throws a system error if its folder does not exist or the symlinks form a
 * loop.
 */
export function realPathOf(path: string, runtime: Runtime): string {
  let at = path;
  for (let links = 0; links < MOST_SYMLINKS; links++) {
    const folder = folderOf(at, runtime.os);
    const target = linkTarget(at, runtime);
    if (target === undefined) {
      // Resolve only the folder: if the file is being replaced, Bun may return
      // the path of a deleted file.
      const name = fileNameOf(at, runtime.os);
      return joined(runtime.realPath(folder), name, runtime.os);
    }
    at = joined(folder, target, runtime.os);
  }
  throw Object.assign(new Error("too many symlinks"), { code: "ELOOP" });
}

/**
 * A symlink's target; `undefined` if the path is not a symlink or does not
 * exist.
 */
function linkTarget(path: string, runtime: Runtime): string | undefined {
  try {
    return runtime.readLink(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "EINVAL") return undefined;
    throw error;
  }
}
