/**
 * Commands typed into a shell, and what they print.
 *
 * @module
 */

/** A command and what it printed. */
export interface Typed {
  /** The command, which may go on for lines. */
  readonly command: string;
  /** What it printed, on either stream. */
  readonly output: string;
}

/** The commands of a block: each begins with `$ `; a `\` goes on. */
export function typedIn(code: string): Typed[] {
  const all: { command: string; output: string }[] = [];
  let isCommand = false;
  for (const line of code.replace(/\n$/, "").split("\n")) {
    const last = all.at(-1);
    if (isCommand && last) {
      last.command += `\n${line}`;
    } else if (line.startsWith("$ ")) {
      all.push({ command: line.slice(2), output: "" });
    } else if (last) {
      last.output += `${line}\n`;
    } else {
      throw new Error(`it does not begin with a command: ${line}`);
    }
    isCommand = (isCommand || line.startsWith("$ ")) && line.endsWith("\\");
  }
  return all;
}

/** The text of a block. */
export function blockOf(all: readonly Typed[]): string {
  return all.map(({ command, output }) => `$ ${command}\n${output}`).join("");
}

/**
 * Whether a command printed what a page says. Process ids and times are
 * anybody's, and a line `...` stands for any lines.
 */
export function isSaid(said: string, printed: string): boolean {
  const pattern = masked(said).split("\n").map((line) =>
    line === "..." ? "(?:.*\n)*?" : `${RegExp.escape(line)}\n`
  ).join("");
  return new RegExp(`^${pattern}$`).test(`${masked(printed)}\n`);
}

function masked(text: string): string {
  return text.replace(/\bpid \d+|"pid":\d+/g, "PID")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "TIME");
}
