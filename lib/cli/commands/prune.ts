import { escaped } from "../../error.ts";
import { prune as pruneStore } from "../../store/prune.ts";
import type { Call } from "../call.ts";

/** `--prune`: drops what is no longer needed, and says what that was. */
export async function prune({ store, runtime }: Call): Promise<void> {
  const dropped = await pruneStore(store);
  runtime.writeOut(
    dropped.map(({ association, reason }) =>
      `${escaped(association.name)}: dropped, ${reason}\n`
    ).join(""),
  );
}
