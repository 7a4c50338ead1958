import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * What a system tool prints. The PATH of a cron job or a service often leaves
 * out the folders where such tools are: they are looked into as well.
 *
 * @throws {Error} with code ENOENT where there is no such tool.
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
