import { onOneLine, quoted } from "../../error.ts";
import { formatPortRange } from "../../ports/port_range.ts";
import { type Association, portsOf } from "../../association.ts";
import { type Call, linesOf, namedPortsJson, readStore } from "../call.ts";
import { variablesWithoutClashes } from "../env.ts";
import { associationsHere } from "../here.ts";
import { say } from "../messages.ts";

/** `--list`: prints every association, in the store's order. */
export async function list(call: Call): Promise<void> {
  const { line, runtime } = call;
  const { associations } = await readStore(call);
  const here = associationsHere(call, associations)
    .map(({ association }) => association);
  runtime.writeOut(
    line.has("json")
      ? namedPortsJson(here.map((one) => [one.name, one]))
      : here.map(listLine).join(""),
  );
}

/**
 * A name with its ports on a line. A store may hold names that are not valid:
 * none of them must pass for a line, or speak to a terminal.
 */
export function listLine(association: Association): string {
  const name = onOneLine(association.name);
  return `${name}: ${formatPortRange(portsOf(association))}\n`;
}

/**
 * `--env` without a name: every association as a variable.
 *
 * @returns 1 where names had to be left out, for they have one spelling.
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
