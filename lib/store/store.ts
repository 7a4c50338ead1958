import { type Association, isExpired } from "../association.ts";
import type { Place, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A store to work with: a place, the machine that asks, and whom to tell. */
export interface Store {
  /** Where the associations are. */
  readonly place: Place;
  /** The machine on which ports are chosen. */
  readonly runtime: Runtime;
  /** How long to wait for others, in seconds. */
  readonly wait: number;
  /** Takes messages that are no errors. */
  readonly warn: (message: string) => void;
}

/** How long to wait for other writers by default, in seconds. */
export const DEFAULT_WAIT = 10;

/** What a name has, if that is not a lease that has ended. */
export function liveIn(view: View, name: string): Association | undefined {
  const association = view.find(name);
  return association && !isExpired(association) ? association : undefined;
}
