import { checkName } from "../../association.ts";
import { PortForError, quoted } from "../../error.ts";
import type { View } from "../../place.ts";
import { liveIn } from "../../store/store.ts";
import { type Call, type Named, printPorts } from "../call.ts";
import { filledFormat } from "../format.ts";
import { printVariables } from "../print_variables.ts";
import { variablesFor } from "../variables.ts";
import { type WantedName, wantedNames } from "../here.ts";

/** `--get NAME`: prints the port of a name that has one. */
export async function get(call: Call): Promise<void> {
  const names = await wantedNames(call, call.line.values("get"));
  for (const { full, directory } of names) checkName(full, directory);
  const view = await call.store.place.read(names.map(({ full }) => full));
  const named = names.map((name) => held(call, view, name));
  const format = call.line.value("format");
  if (call.line.has("env")) {
    printVariables(call, variablesFor(named, undefined));
  } else if (format !== undefined) {
    const ports = named.map(([name, { port }]) => [name, port] as const);
    call.runtime.writeOut(`${filledFormat(format, ports)}\n`);
  } else printPorts(call, named);
}

function held(
  { store }: Call,
  view: View,
  { short, full }: WantedName,
): Named {
  const association = liveIn(view, full);
  if (association) return [short, association];
  if (view.old !== undefined) {
    throw new PortForError(
      "FAILED",
      `cannot get the port of ${quoted(full)}: ${view.old}, and this machine ` +
        `has no older answer (try again)`,
    );
  }
  throw new PortForError(
    "FAILED",
    `cannot get the port of ${
      quoted(full)
    }: it has none in ${store.place.name} ` +
      `(without --get, port-for gives it one)`,
  );
}
