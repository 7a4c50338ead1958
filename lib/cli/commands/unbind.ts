import { quoted } from "../../error.ts";
import { release } from "../../store/release.ts";
import type { Call } from "../call.ts";
import { wantedNames } from "../here.ts";
import { say, warn } from "../messages.ts";

/**
 * `--unbind NAME`: names give up their ports.
 *
 * @returns 1 if a name still has a port from a layer, else 0.
 */
export async function unbind(call: Call): Promise<number> {
  const { line, store, runtime } = call;
  const wanted = await wantedNames(call, line.values("unbind"));
  const names = wanted.map(({ full }) => full);
  const [{ directory } = {}] = wanted;
  let status = 0;
  for (const { name, layer } of await release(store, names, directory)) {
    if (layer) {
      status = 1;
      say(
        runtime,
        `cannot take the port of ${quoted(name)} away: it is set in ` +
          `${layer}, which port-for never writes (take it away there)`,
      );
    } else warn(runtime, `${quoted(name)} has no port in ${store.place.name}`);
  }
  return status;
}
