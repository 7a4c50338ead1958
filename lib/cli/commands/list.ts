import { escaped } from "../../error.ts";
import { formatPortRange } from "../../ports/port_range.ts";
import { type Association, portsOf } from "../../association.ts";
import {
  type Call,
  namedPortsJson,
  readStore,
  variableLines,
} from "../call.ts";
import { associationsHere } from "../here.ts";

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
 * none of them must pass for a line, or speak to a terminal. Characters that
 * merely cannot be seen stay: emoji are made with them, and programs read this.
 */
export function listLine(association: Association): string {
  const name = escaped(association.name, /\p{Cc}/gu);
  return `${name}: ${formatPortRange(portsOf(association))}\n`;
}

/** `--env` without a name: every association as a variable. */
export async function listVariables(call: Call): Promise<void> {
  const { associations } = await readStore(call);
  const named = associationsHere(call, associations)
    .map(({ short, association }) => [short, association] as const);
  call.runtime.writeOut(variableLines(named));
}
