import { PortForError } from "../../error.ts";
import { errorCode, type Runtime } from "../../runtime/runtime.ts";
import { readPythonConf } from "../python_conf.ts";
import { storeError } from "../../disk/store_error.ts";
import { adopt } from "../../store/adopt.ts";
import { type Call, namedPortsJson } from "../call.ts";
import { listLine } from "./list.ts";

/** `--import FILE`: takes over the Python port-for's associations. */
export async function importConf(
  { line, store, runtime }: Call,
): Promise<void> {
  const file = line.value("import")!;
  if (file === "") {
    throw new PortForError(
      "BAD_INPUT",
      'cannot import "": it is no path (name a file)',
    );
  }
  const associations = readPythonConf(readText(file, runtime), file);
  const added = await adopt(store, associations);
  runtime.writeOut(
    line.has("json")
      ? namedPortsJson(added.map((one) => [one.name, one]))
      : added.map(listLine).join(""),
  );
}

function readText(file: string, runtime: Runtime): string {
  try {
    if (runtime.stat(file).kind !== "file") {
      throw new PortForError(
        "FAILED",
        `cannot import ${file}: it is not a regular file`,
      );
    }
    const bytes = runtime.readFile(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError && errorCode(error) === undefined) {
      throw new PortForError(
        "FAILED",
        `cannot import ${file}: it is not UTF-8 text (convert it first)`,
      );
    }
    if (errorCode(error) === "ENOENT") {
      throw new PortForError(
        "FAILED",
        `cannot import ${file}: it does not exist (the Python port-for keeps ` +
          `its associations in /etc/port-for.conf)`,
      );
    }
    throw storeError(`cannot import ${file}`, error);
  }
}
