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
        `${one.name}: ${formatPortRange(portsOf(one))}\n`
      ).join(""),
  );
}

/** `--env` without a name: every association as a variable. */
export function listVariables(call: Call): void {
  const named = associationsHere(call, call.store.list())
    .map(({ short, association }) => [short, association] as const);
  call.runtime.writeOut(variableLines(named));
}
