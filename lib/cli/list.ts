import { formatPortRange } from "../ports/port_range.ts";
import { portsOf } from "../store/association.ts";
import { type Call, namedPortsJson, variableLines } from "./call.ts";
import { associationsHere } from "./here.ts";

/** `--list`: prints every association, in the store's order. */
export function list(call: Call): void {
  const { line, store, runtime } = call;
  const associations = associationsHere(call, store.list())
    .map(({ association }) => association);
  runtime.writeOut(
    line.has("json")
      ? namedPortsJson(associations.map((one) => [one.name, one]))
      : associations.map((one) =>
        `${oneLine(one.name)}: ${formatPortRange(portsOf(one))}\n`
      ).join(""),
  );
}

/**
 * A name as it stands on a line of its own. A store may hold names that are not
 * valid: none of them must pass for a line, or speak to a terminal.
 */
function oneLine(name: string): string {
  return name.replace(
    /\p{Cc}/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** `--env` without a name: every association as a variable. */
export function listVariables(call: Call): void {
  const named = associationsHere(call, call.store.list())
    .map(({ short, association }) => [short, association] as const);
  call.runtime.writeOut(variableLines(named));
}
