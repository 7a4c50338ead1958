import type { Call } from "./call.ts";
import { say } from "./messages.ts";

/** Which store a call is about, and with `--here` which checkout, and why. */
export function aboutStore({ store, checkout }: Call): string {
  if (!checkout) return store.place.name;
  const { root, marker } = checkout;
  const why = marker === undefined ? "the current folder" : `by its ${marker}`;
  return `${store.place.name}, for ${root} (${why})`;
}

/** Says which store an answer is from. */
export function saySource(call: Call): void {
  say(call.runtime, `store: ${aboutStore(call)}`);
}

/** Says what to do where there is nothing to show yet. */
export function sayEmpty(call: Call): void {
  const here = call.checkout ? " --here" : "";
  say(
    call.runtime,
    `no name has a port in ${aboutStore(call)} yet (port-for${here} NAME ` +
      `gives it one)`,
  );
}
