import { PortForError } from "../../error.ts";
import { errorCode, type Runtime } from "../../runtime/runtime.ts";
import { readPythonConf } from "../python_conf.ts";
import { utf8Text } from "../../runtime/utf8.ts";
import { LARGEST_STORE } from "../../disk/store_file.ts";
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
      'cannot import "": it is not a path (name a file)',
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
    const { kind, size } = runtime.stat(file);
    if (kind === "file" && size > LARGEST_STORE) {
      throw new PortForError(
        "FAILED",
        `cannot import ${file}: it is larger than any such file ` +
          `(is it the right one?)`,
      );
    }
    if (kind !== "file") {
      throw new PortForError(
        "FAILED",
        `cannot import ${file}: it is not a regular file`,
      );
    }
    const text = utf8Text(runtime.readFile(file));
    // UTF-16 of plain English is valid UTF-8, with a NUL after each letter.
    if (text !== undefined && !text.includes("\0")) return text;
    throw new PortForError(
      "FAILED",
      `cannot import ${file}: it is not UTF-8 text (convert it first)`,
    );
  } catch (error) {
    if (errorCode(error) === "ENOENT") {
      throw new PortForError(
        "FAILED",
        `cannot import ${file}: it does not exist (the Python port-for keeps ` +
          `its associations in /etc/port-for.conf)`,
      );
    }
    throw storeError(`cannot import ${file}`, error, runtime);
  }
}
