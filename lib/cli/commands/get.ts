import { checkName } from "../../association.ts";
import { PortForError, quoted } from "../../error.ts";
import type { View } from "../../place.ts";
import { liveIn } from "../../store/store.ts";
import { type Call, type Named, printPorts } from "../call.ts";
import { type WantedName, wantedNames } from "../here.ts";

/** `--get NAME`: prints the port of a name that has one. */
export async function get(call: Call): Promise<void> {
  const names = wantedNames(call, call.line.values("get"));
  for (const { full } of names) checkName(full);
  const view = await call.store.place.read(names.map(({ full }) => full));
  printPorts(call, names.map((name) => held(call, view, name)));
}

function held(
  { store }: Call,
  view: View,
  { short, full }: WantedName,
): Named {
  const association = liveIn(view, full);
  if (association) return [short, association];
  throw new PortForError(
    "FAILED",
    `cannot get the port of ${
      quoted(full)
    }: it has none in ${store.place.name} ` +
      `(without --get, port-for associates one)`,
  );
}
