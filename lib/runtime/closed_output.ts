/** The flag of Linux, on x86-64 and arm64. */
const O_CLOEXEC = 0o2000000;

/**
 * Refuses to print to a standard output that was closed: nobody would get the
 * answer. Bun puts /dev/null in its place, and marks that as not to be handed on
 * to other programs; what was handed in cannot be marked so.
 *
 * @param info The text of /proc/self/fdinfo/1; empty where there is none.
 * @throws an error with the code EBADF.
 */
export function refuseClosedOutput(info: string): void {
  const [, flags = "0"] = /^flags:\s*([0-7]+)/m.exec(info) ?? [];
  if ((parseInt(flags, 8) & O_CLOEXEC) !== 0) {
    throw Object.assign(new Error("closed"), { code: "EBADF" });
  }
}
