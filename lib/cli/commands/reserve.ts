import { restoreReservations } from "../../store/reserve.ts";
import { type Call, namedPortsJson } from "../call.ts";
import { listLine } from "./list.ts";

/** `--reserve` without a NAME: restores reservations that were lost. */
export async function reserve(
  { line, store, runtime }: Call,
): Promise<void> {
  const reserved = await restoreReservations(store);
  runtime.writeOut(
    line.has("json")
      ? namedPortsJson(reserved.map((one) => [one.name, one]))
      : reserved.map(listLine).join(""),
  );
}
