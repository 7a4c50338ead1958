import { onOneLine, quoted } from "../../error.ts";
import { formatPortRange } from "../../ports/port_range.ts";
import { type Association, portsOf } from "../../association.ts";
import { type Call, listedPortsJson, readStore } from "../call.ts";
import { filledFor } from "../format.ts";
import { variablesWithoutClashes } from "../env.ts";
import { associationsHere } from "../here.ts";
import { say } from "../messages.ts";
import { sayEmpty, saySource } from "../about_store.ts";
import { linesOf } from "../variables.ts";

/**
 * `--list`: prints every association, in the store's order.
 *
 * @returns 1 if an entry had to be left out, else 0.
 */
export async function list(call: Call): Promise<number> {
  const { line, runtime } = call;
  let status = 0;
  const { associations, policy } = await readStore(call, {
    onProblem: (problem) => {
      status = 1;
      call.store.warn(problem);
    },
  });
  const here = associationsHere(call, associations);
  const format = line.value("format");
  if (line.has("toml")) {
    const { documentText } = await import("../../toml/document_text.ts");
    runtime.writeOut(documentText(associations, policy));
  } else if (line.has("json")) {
    runtime.writeOut(
      listedPortsJson(here.map(({ association }) => association)),
    );
  } else if (format !== undefined) {
    runtime.writeOut(
      here.map(({ short, association }) =>
        `${filledFor(format, short, association.port)}\n`
      ).join(""),
    );
  } else {
    if (here.length === 0) sayEmpty(call);
    else if (runtime.terminalWidth() !== undefined) saySource(call);
    runtime.writeOut(
      here.map(({ association }) => listLine(association)).join(""),
    );
  }
  return status;
}

/**
 * A line with a name and its ports. A store may hold invalid names: they must
 * not break the line or control the terminal.
 */
export function listLine(association: Association): string {
  const name = onOneLine(association.name);
  return `${name}: ${formatPortRange(portsOf(association))}\n`;
}

/**
 * `--env` without a NAME: prints every association as a variable.
 *
 * @returns 1 if names had to be left out because they have the same variable,
 * else 0.
 */
export async function listVariables(call: Call): Promise<number> {
  const { associations } = await readStore(call);
  const named = associationsHere(call, associations)
    .map(({ short, association }) => [short, association.port] as const);
  let status = 0;
  const variables = variablesWithoutClashes(named, (variable, names) => {
    status = 1;
    const clashing = names.map(quoted).join(" and ");
    say(
      call.runtime,
      `cannot print ${variable}: it would be the variable of ${clashing} ` +
        `(rename one of them)`,
    );
  });
  call.runtime.writeOut(linesOf(variables));
  return status;
}
