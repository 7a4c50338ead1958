import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * The output of a system tool. Also looks in the sbin folders, which the PATH
 * of a cron job or a service often lacks.
 *
 * @throws {Error} with code ENOENT if there is no such tool.
 */
export function toolOutput(
  runtime: Runtime,
  tool: string,
  args: readonly string[],
): string {
  const folders = runtime.os === "windows"
    ? [""]
    : ["", "/sbin/", "/usr/sbin/"];
  for (const [index, folder] of folders.entries()) {
    try {
      return runtime.run(folder + tool, args).output;
    } catch (error) {
      const notFound = errorCode(error) === "ENOENT";
      if (!notFound || index === folders.length - 1) throw error;
    }
  }
  return "";
}
