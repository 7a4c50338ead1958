import { fileNameOf, folderOf, joined } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/** More symlinks than this in one path are taken for a circle, as in Linux. */
const MOST_SYMLINKS = 40;

/**
 * The file that a path leads to, symlinks followed, whether or not it exists.
 *
 * @throws an error of the system where its folder does not exist, or the
 * symlinks lead in a circle.
 */
export function realPathOf(path: string, runtime: Runtime): string {
  let at = path;
  for (let links = 0; links < MOST_SYMLINKS; links++) {
    const folder = folderOf(at, runtime.os);
    const target = linkTarget(at, runtime);
    if (target === undefined) {
      // The system is asked about the folder alone: the file may be replaced
      // meanwhile, and Bun then answers with a file that is gone.
      const name = fileNameOf(at, runtime.os);
      return joined(runtime.realPath(folder), name, runtime.os);
    }
    at = joined(folder, target, runtime.os);
  }
  throw Object.assign(new Error("too many symlinks"), { code: "ELOOP" });
}

/** What a symlink says; `undefined` for anything else, or nothing. */
function linkTarget(path: string, runtime: Runtime): string | undefined {
  try {
    return runtime.readLink(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "EINVAL") return undefined;
    throw error;
  }
}
