import { newFileLike } from "../disk/new_files.ts";
import { replaceFile } from "../disk/replace_file.ts";
import { OTHER_FILE, storeError } from "../disk/store_error.ts";
import type { StoredText } from "../disk/store_file.ts";
import { PortForError } from "../error.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import { utf8Text } from "../runtime/utf8.ts";

const BEGIN =
  "# port-for: begin (these lines are written anew by --env --write)";
const END = "# port-for: end";

/**
 * Writes lines into a file as a block of their own, and keeps all other lines.
 * If nothing changes, the file is not written: dev servers reload on every
 * write.
 *
 * @returns Variables of the block that the file also sets elsewhere.
 * @throws {PortForError} Then the file is unchanged.
 */
export function writeBlock(
  path: string,
  lines: string,
  runtime: Runtime,
): string[] {
  // No lock file here: it would litter the project's folder. If another process
  // writes first, start over, usually to find nothing left to do.
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const before = readEnvFile(path, runtime);
    const text = before?.text ?? "";
    const rest = withoutBlock(text, path);
    const after = withBlock(text, rest, lines);
    const how = {
      isStillGood: () => true,
      like: newFileLike(path, runtime),
      other: OTHER_FILE,
      unlocked: true,
    };
    if (
      after === before?.text || replaceFile(path, before, after, how, runtime)
    ) return setTwice(lines, rest);
  }
  throw new PortForError(
    "STORE_BUSY",
    `cannot write ${path}: something else is changing it (try again)`,
  );
}

const MOST_ATTEMPTS = 20;

/** Variables of the block that other lines also set. */
function setTwice(lines: string, { before, after }: Rest): string[] {
  const elsewhere = new Set(before.concat(after).map(variableIn));
  return lines.split("\n").map(variableIn)
    .filter((name): name is string => name !== undefined)
    .filter((name) => elsewhere.has(name));
}

interface Rest {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly hadBlock: boolean;
}

/** The lines before and after the block, each with its line end. */
function withoutBlock(text: string, path: string): Rest {
  const all = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const begin = all.findIndex((line) => line.trim() === BEGIN);
  if (begin === -1) return { before: all, after: [], hadBlock: false };
  const length = all.slice(begin).findIndex((line) => line.trim() === END);
  if (length === -1) {
    throw new PortForError(
      "FAILED",
      `cannot write ${path}: the line ${JSON.stringify(END)} is missing ` +
        `behind line ${begin + 1} (remove that line, or put the other back)`,
    );
  }
  return {
    before: all.slice(0, begin),
    after: all.slice(begin + length + 1),
    hadBlock: true,
  };
}

function withBlock(text: string, rest: Rest, lines: string): string {
  const before = rest.before.join("");
  // The last line of the file may lack its line end.
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  const blank = rest.hadBlock || text === "" ? "" : "\n";
  const block = `${BEGIN}\n${lines}${END}\n`;
  return before + gap + blank + block + rest.after.join("");
}

/** The variable that a line sets, if any. */
function variableIn(line: string): string | undefined {
  return /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1];
}

function readEnvFile(path: string, runtime: Runtime): StoredText | undefined {
  try {
    const { kind } = runtime.lstat(path);
    if (kind !== "file") throw notRegular(path, kind === "symlink");
    const file = runtime.open(path, { readOnly: true, neverWaits: true });
    try {
      const facts = file.stat();
      if (facts.kind !== "file") throw notRegular(path, false);
      const text = utf8Text(file.read());
      if (text !== undefined) return { text, facts };
    } finally {
      file.close();
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw storeError(`cannot write ${path}`, error, runtime, OTHER_FILE);
  }
  throw new PortForError(
    "FAILED",
    `cannot write ${path}: it is not UTF-8 text (convert it first)`,
  );
}

function notRegular(path: string, isSymlink: boolean): PortForError {
  return new PortForError(
    "FAILED",
    isSymlink
      ? `cannot write ${path}: it is a symlink, often to another checkout's ` +
        `file (name the file itself)`
      : `cannot write ${path}: it is not a regular file`,
  );
}
