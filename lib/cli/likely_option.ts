import { quoted } from "../error.ts";
import type { Call } from "./call.ts";
import { say } from "./messages.ts";
import { OPTIONS } from "./options.ts";

/**
 * Tells somebody at a terminal who asks for a port for `list` or `help` that
 * these are options, too. A name is free text, so it is only a note.
 */
export async function noteLikelyOptions(
  { store, runtime }: Call,
  names: readonly string[],
): Promise<void> {
  if (runtime.terminalWidth() === undefined) return;
  const likely = names.filter((name) =>
    OPTIONS.some(({ long }) => long === name)
  );
  if (likely.length === 0) return;
  const view = await store.place.read(likely);
  for (const name of likely) {
    if (view.find(name)) continue;
    say(
      runtime,
      `note: ${quoted(name)} is a new name, and gets a port; the option is ` +
        `--${name}`,
    );
  }
}
