/** Linux's value on x86-64 and arm64. */
const O_CLOEXEC = 0o2000000;

/**
 * Refuses to print to a closed standard output: nobody would get the answer.
 * Bun replaces it with /dev/null and sets close-on-exec on that, which an
 * inherited descriptor never has.
 *
 * @param info The text of /proc/self/fdinfo/1; empty if there is none.
 * @throws an error with the code EBADF.
 */
export function refuseClosedOutput(info: string): void {
  const flags = info.slice(info.indexOf("flags:") + "flags:".length);
  if ((parseInt(flags, 8) & O_CLOEXEC) !== 0) {
    throw Object.assign(new Error("closed"), { code: "EBADF" });
  }
}
