import { quoted } from "../error.ts";
import type { Call } from "./call.ts";
import { warn } from "./messages.ts";

/** `--unbind NAME`: takes associations away. */
export async function unbind({ line, store, runtime }: Call): Promise<void> {
  for (const name of await store.release(line.values("unbind"))) {
    warn(runtime, `${quoted(name)} has no port in ${store.path}`);
  }
}
