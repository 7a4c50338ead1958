import { quoted } from "../error.ts";
import type { Call } from "./call.ts";
import { say } from "./messages.ts";
import type { WantedName } from "./here.ts";
import { OPTIONS } from "./options.ts";

/**
 * Tells a user at a terminal who asks for a port for `list` or `help` that
 * there is an option of that name. Names are free text, so it is only a note.
 */
export async function noteLikelyOptions(
  { store, runtime }: Call,
  wanted: readonly WantedName[],
): Promise<void> {
  const likely = wanted.filter(({ short }) =>
    OPTIONS.some(({ long }) => long === short)
  );
  if (likely.length === 0 || runtime.terminalWidth() === undefined) return;
  const view = await store.place.read(likely.map(({ full }) => full));
  for (const { short, full } of likely) {
    if (view.find(full)) continue;
    say(
      runtime,
      `note: ${quoted(short)} is a new name, and gets a port; the option is ` +
        `--${short}`,
    );
  }
}
