import { onOneLine, PortForError } from "../../error.ts";
import { errorCode, type Runtime } from "../../runtime/runtime.ts";
import { readPythonConf } from "../python_conf.ts";
import { utf8Text } from "../../runtime/utf8.ts";
import { LARGEST_STORE } from "../../disk/store_file.ts";
import { OTHER_FILE, readError } from "../../disk/store_error.ts";
import { type Association, isExpired } from "../../association.ts";
import { StoreText } from "../../disk/store_text.ts";
import { adopt } from "../../store/adopt.ts";
import type { Store } from "../../store/store.ts";
import { type Call, namedPortsJson } from "../call.ts";
import { listLine } from "./list.ts";

/** `--import FILE`: imports another store, or the Python port-for's file. */
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
  const text = readText(file, runtime);
  const associations = file.endsWith(".toml")
    ? readOtherStore(text, file, store)
    : readPythonConf(text, file);
  const added = await adopt(store, associations);
  if (associations.length === 0) {
    const where = file.endsWith(".toml") ? "[ports]" : "[DEFAULT]";
    store.warn(`${onOneLine(file)} has no names in its section ${where}`);
  }
  runtime.writeOut(
    line.has("json")
      ? namedPortsJson(added.map((one) => [one.name, one]))
      : added.map(listLine).join(""),
  );
}

/** The associations of another store that make sense in this one. */
function readOtherStore(
  text: string,
  file: string,
  { place, warn }: Store,
): Association[] {
  const content = new StoreText(file, text);
  content.refuseProblems();
  const { range, exclude } = content.document.policy;
  if (range || exclude) {
    warn(`the [policy] of ${file} is not taken over (write it anew there)`);
  }
  const isShared = place.source() === undefined;
  const live = content.all().filter((one) => !isExpired(one));
  const kept = live.filter(({ directory }) =>
    !isShared || directory === undefined
  );
  if (kept.length < live.length) {
    warn(
      `${live.length - kept.length} names of checkouts are not taken over: ` +
        `they are this machine's`,
    );
  }
  // The kernel's reservations belong to the other store.
  return kept.map(({ reserved: _, ...rest }) => rest);
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
      const hint = file.endsWith(".toml")
        ? ""
        : " (the Python port-for keeps its associations in /etc/port-for.conf)";
      throw new PortForError(
        "FAILED",
        `cannot import ${file}: it does not exist${hint}`,
      );
    }
    const what = `cannot import ${file}`;
    throw readError(file, error, runtime, { what, other: OTHER_FILE });
  }
}
