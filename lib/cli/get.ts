import { PortForError, quoted } from "../error.ts";
import { type Call, printPorts } from "./call.ts";

/** `--get NAME`: prints the port of a name that has one. */
export function get(call: Call): void {
  const names = call.line.values("get");
  printPorts(call, names, names.map((name) => portOf(call, name)));
}

function portOf({ store }: Call, name: string): number {
  const association = store.get(name);
  if (association) return association.port;
  throw new PortForError(
    "FAILED",
    `cannot get the port of ${quoted(name)}: it has none in ${store.path} ` +
      `(without --get, port-for associates one)`,
  );
}
