import type { Call } from "./call.ts";
import { writeBlock } from "./env_file.ts";
import { say, warn } from "./messages.ts";
import { linesOf, quotedIn } from "./variables.ts";

/** Prints variables or, with `--write`, writes them into a file. */
export function printVariables(
  { line, runtime }: Call,
  variables: ReadonlyMap<string, string>,
): void {
  const lines = linesOf(variables);
  const file = line.value("write");
  for (const [variable, value] of variables) {
    const set = runtime.env(variable);
    if (set === undefined || set === value) continue;
    warn(
      runtime,
      `${variable} is ${set} in the environment already, which most readers ` +
        `of such a file prefer (unset it)`,
    );
  }
  const inQuotes = quotedIn(variables);
  if (inQuotes.length > 0) {
    say(
      runtime,
      `note: ${inQuotes.join(", ")} had to be put in quotes, which docker ` +
        `run, make and $GITHUB_ENV take for a part of the value`,
    );
  }
  if (file === undefined) return runtime.writeOut(lines);
  for (const variable of writeBlock(file, lines, runtime)) {
    warn(runtime, `${file} sets ${variable} elsewhere, too (remove that line)`);
  }
}
