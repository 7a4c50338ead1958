import { prune as pruneStore } from "../../store/prune.ts";
import type { Call } from "../call.ts";
import { onOneLine } from "../../error.ts";
import { json } from "../text.ts";

/** A name that `--prune --json` dropped. */
export interface PrunedName {
  /** The name. */
  readonly name: string;
  /** The port that it had, or the first of its block. */
  readonly port: number;
  /** Why it is no longer needed. */
  readonly reason: string;
}

/** `--prune`: drops associations that are no longer needed, and prints them. */
export async function prune({ line, store, runtime }: Call): Promise<void> {
  const dropped = (await pruneStore(store)).map((
    { association: { name, port }, reason },
  ): PrunedName => ({ name, port, reason }));
  runtime.writeOut(
    line.has("json")
      ? json(dropped)
      : dropped.map(({ name, reason }) =>
        onOneLine(`${name}: dropped, ${reason}`) + "\n"
      ).join(""),
  );
}
