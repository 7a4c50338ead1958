import { type Call, namedPortsJson } from "../call.ts";
import { listLine } from "./list.ts";

/** `--reserve` without a name: puts right what was reserved before. */
export async function restoreReservations(
  { line, store, runtime }: Call,
): Promise<void> {
  const reserved = await store.restoreReservations();
  runtime.writeOut(
    line.has("json")
      ? namedPortsJson(reserved.map((one) => [one.name, one]))
      : reserved.map(listLine).join(""),
  );
}
