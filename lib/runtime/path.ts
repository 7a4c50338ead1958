/**
 * The folder that a path is in: `.` for a bare file name.
 *
 * @param os The operating system whose separators count.
 */
export function folderOf(path: string, os: string): string {
  const end = lastSeparator(path, os);
  if (end === -1) return ".";
  return end === 0 ? path[0]! : path.slice(0, end);
}

/** The last part of a path. */
export function fileNameOf(path: string, os: string): string {
  return path.slice(lastSeparator(path, os) + 1);
}

/** A path below a folder, or the path itself if it is absolute. */
export function joined(folder: string, path: string, os: string): string {
  return isAbsolute(path, os) ? path : `${folder}/${path}`;
}

/** Whether a path is absolute. */
export function isAbsolute(path: string, os: string): boolean {
  return path.startsWith("/") ||
    (os === "windows" && /^(?:[A-Za-z]:)?[\\/]/.test(path));
}

function lastSeparator(path: string, os: string): number {
  const slash = path.lastIndexOf("/");
  return os === "windows" ? Math.max(slash, path.lastIndexOf("\\")) : slash;
}
