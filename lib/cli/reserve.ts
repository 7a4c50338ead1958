import { formatPortRange } from "../ports/port_range.ts";
import { portsOf } from "../store/association.ts";
import type { Call } from "./call.ts";

/** `--reserve` without a name: puts right what was reserved before. */
export async function restoreReservations(
  { store, runtime }: Call,
): Promise<void> {
  const reserved = await store.restoreReservations();
  runtime.writeOut(
    reserved.map((association) =>
      `${association.name}: ${formatPortRange(portsOf(association))}\n`
    ).join(""),
  );
}
