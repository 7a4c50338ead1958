import { PortForError } from "../error.ts";
import { folderOf } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

const OTHER_STORE = "choose another store with --user or --store";
/** The suggestion for files that are not stores. */
export const OTHER_FILE = "choose another file";
const LOCAL_DISK =
  "keep the store on a local disk, with --store or PORT_FOR_STORE";

/** What system error codes mean to a person, and what to do about them. */
const reasons = (other: string): Record<string, string> => ({
  EACCES: `permission denied (run with sudo, or ${other})`,
  EPERM: `operation not permitted (run with sudo, or ${other})`,
  EROFS: `the file system is read-only (${other})`,
  ENOSPC: "no space is left on the device (free some space and try again)",
  EDQUOT: "the disk quota is used up (free some space and try again)",
  EBUSY: "it is a mount of its own (mount its folder instead)",
  EXDEV: "it and its folder are on different file systems " +
    "(mount its folder instead)",
  EIO: "the device failed to read or write (check the disk)",
  ESTALE: `its network file system has lost it (try again, or ${LOCAL_DISK})`,
  ENXIO: `it is not a regular file (${other})`,
  ENOENT: "its folder does not exist (create it first)",
  ENOTDIR: `part of its path is not a folder (${other})`,
  EISDIR: `it is a folder (${other})`,
  ELOOP: "its symlinks lead in a circle (fix the links)",
  ENAMETOOLONG: `its path is too long (${other})`,
  EMFILE: "too many files are open in this process",
  ENFILE: "too many files are open on this machine",
  EINVAL: "the system does not take its owner, group or mode: in a user " +
    `namespace they may not be mapped (change them, or ${other})`,
});

/** What they mean to root, who gains nothing from sudo. */
const reasonsForRoot = (other: string): Record<string, string> => ({
  EACCES: "permission denied, even to root: a network file system or " +
    `a security module may forbid it (${other})`,
  EPERM: "operation not permitted, even to root: it may be immutable " +
    "(see lsattr), on a mount of somebody else's, or forbidden by " +
    `a security module (${other})`,
});

/** The error codes of file systems without locks. */
const NO_LOCKS: readonly string[] = [
  "ENOLCK",
  "EOPNOTSUPP",
  "ENOTSUP",
  "ENOSYS",
  "EBADF",
  "EINVAL",
];

/**
 * The error to throw when an operation on a store failed.
 *
 * @param what What failed, such as `cannot write /etc/port-for.toml`.
 * @param error The error underneath; a PortForError is returned as it is.
 * @param runtime The machine: root gets different explanations.
 * @param other What to suggest. By default another store.
 */
export function storeError(
  what: string,
  error: unknown,
  runtime: Runtime,
  other = OTHER_STORE,
): PortForError {
  const code = errorCode(error) ?? "";
  const forRoot = reasonsForRoot(other)[code];
  const isForRoot = forRoot !== undefined && runtime.userId() === 0;
  return failed(what, error, isForRoot ? forRoot : reasons(other)[code]);
}

/** The same for a file that could not be read: readers should not need sudo. */
export function readError(
  path: string,
  error: unknown,
  runtime: Runtime,
  { what = `cannot read ${path}`, other = OTHER_STORE } = {},
): PortForError {
  if (errorCode(error) !== "EACCES" || runtime.userId() === 0) {
    return storeError(what, error, runtime, other);
  }
  const closed = closedFolderAbove(path, runtime);
  return failed(
    what,
    error,
    closed === undefined
      ? "permission denied (its owner can let everybody read it: " +
        `chmod a+r ${path}; or ${other})`
      : `permission denied: the folder ${closed} is closed to this user (its ` +
        `owner can open it: chmod a+x ${closed}; or ${other})`,
  );
}

/**
 * The folder that denies access to the file; `undefined` if the file itself
 * does.
 */
function closedFolderAbove(path: string, runtime: Runtime): string | undefined {
  if (!isHidden(path, runtime)) return undefined;
  const folder = folderOf(path, runtime.os);
  // At the root of the file system.
  if (folder === path) return undefined;
  return closedFolderAbove(folder, runtime) ?? folder;
}

function isHidden(path: string, runtime: Runtime): boolean {
  try {
    runtime.stat(path);
    return false;
  } catch (error) {
    return errorCode(error) === "EACCES";
  }
}

/** The same for a file that could not be locked. */
export function lockError(
  what: string,
  error: unknown,
  runtime: Runtime,
): PortForError {
  if (!NO_LOCKS.includes(errorCode(error) ?? "")) {
    return storeError(what, error, runtime);
  }
  return failed(
    what,
    error,
    "its file system, such as NFS without its lock service, cannot lock files " +
      `(${LOCAL_DISK})`,
  );
}

function failed(
  what: string,
  error: unknown,
  reason: string | undefined,
): PortForError {
  if (error instanceof PortForError) return error;
  const code = errorCode(error) ?? "";
  const { name, message } = error instanceof Error
    ? error
    : { name: "", message: String(error) };
  const denied = ["EACCES", "EPERM", "EROFS"].includes(code) ||
    name === "NotCapable";
  return new PortForError(
    denied ? "NO_PERMISSION" : "FAILED",
    `${what}: ${reason ?? message}`,
    { cause: error },
  );
}
