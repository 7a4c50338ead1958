import { quoted } from "../../error.ts";
import { release } from "../../store/release.ts";
import type { Call } from "../call.ts";
import { wantedNames } from "../here.ts";
import { warn } from "../messages.ts";

/** `--unbind NAME`: takes associations away. */
export async function unbind(call: Call): Promise<void> {
  const { line, store, runtime } = call;
  const wanted = await wantedNames(call, line.values("unbind"));
  const names = wanted.map(({ full }) => full);
  const [{ directory } = {}] = wanted;
  for (const name of await release(store, names, directory)) {
    warn(runtime, `${quoted(name)} has no port in ${store.place.name}`);
  }
}
