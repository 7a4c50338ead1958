import { PortForError } from "../error.ts";
import { errorCode } from "../runtime/runtime.ts";

const OTHER_STORE = "choose another store with --user or --store";

/** What the system's error names mean to a person, and what to do about it. */
const REASONS: Record<string, string> = {
  EACCES: `permission denied (run with sudo, or ${OTHER_STORE})`,
  EPERM: `operation not permitted (run with sudo, or ${OTHER_STORE})`,
  EROFS: `the file system is read-only (${OTHER_STORE})`,
  ENOSPC: "no space is left on the device (free some space and try again)",
  EDQUOT: "the disk quota is used up (free some space and try again)",
  EBUSY: "it is a mount of its own (mount its folder instead)",
  EIO: "the device failed to read or write (check the disk)",
  ENOENT: "its folder does not exist (create it first)",
  ENOTDIR: `part of its path is not a folder (${OTHER_STORE})`,
  EISDIR: `it is a folder (${OTHER_STORE})`,
  ELOOP: "its symlinks lead in a circle (mend the links)",
  ENAMETOOLONG: `its path is too long (${OTHER_STORE})`,
  EMFILE: "too many files are open in this process",
  ENFILE: "too many files are open on this machine",
};

/**
 * The error to throw where an operation on the store failed.
 *
 * @param what What could not be done, such as `cannot write /etc/port-for.toml`.
 * @param error The error underneath; a PortForError is returned as it is.
 */
export function storeError(what: string, error: unknown): PortForError {
  if (error instanceof PortForError) return error;
  const code = errorCode(error);
  const { name, message } = error instanceof Error
    ? error
    : { name: "", message: String(error) };
  const denied = code === "EACCES" || code === "EPERM" || code === "EROFS" ||
    name === "NotCapable";
  return new PortForError(
    denied ? "NO_PERMISSION" : "FAILED",
    `${what}: ${(code && REASONS[code]) ?? message}`,
    { cause: error },
  );
}
