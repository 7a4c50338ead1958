import type { Call } from "./call.ts";
import { say } from "./messages.ts";

/**
 * Names the store of a call and, with `--here`, the checkout and what marks it.
 */
export function aboutStore({ store, checkout }: Call): string {
  if (!checkout) return store.place.name;
  const { root, marker } = checkout;
  const why = marker === undefined ? "the current folder" : `by its ${marker}`;
  return `${store.place.name}, for ${root} (${why})`;
}

/** Says which store an answer comes from. */
export function saySource(call: Call): void {
  say(call.runtime, `store: ${aboutStore(call)}`);
}

/** Says what to do when there is nothing to show yet. */
export function sayEmpty(call: Call): void {
  const here = call.checkout ? " --here" : "";
  say(
    call.runtime,
    `no name has a port in ${aboutStore(call)} yet (port-for${here} NAME ` +
      `gives it one)`,
  );
}
