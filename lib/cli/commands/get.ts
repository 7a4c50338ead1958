import { PortForError, quoted } from "../../error.ts";
import { type Call, type Named, printPorts } from "../call.ts";
import { type WantedName, wantedNames } from "../here.ts";

/** `--get NAME`: prints the port of a name that has one. */
export function get(call: Call): void {
  const names = wantedNames(call, call.line.values("get"));
  printPorts(call, names.map((name) => held(call, name)));
}

function held({ store }: Call, { short, full }: WantedName): Named {
  const association = store.get(full);
  if (association) return [short, association];
  throw new PortForError(
    "FAILED",
    `cannot get the port of ${quoted(full)}: it has none in ${store.path} ` +
      `(without --get, port-for associates one)`,
  );
}
