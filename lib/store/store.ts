import { type Association, isExpired } from "../association.ts";
import type { Place, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A store to work with: a place, the machine that asks, and whom to tell. */
export interface Store {
  /** Where the associations are. */
  readonly place: Place;
  /** The machine on which ports are chosen. */
  readonly runtime: Runtime;
  /** How long nothing may move while others write, in seconds. */
  readonly wait: number;
  /** Whether the whole process may stand still while it waits. */
  readonly mayBlock: boolean;
  /**
   * What goes into the sequence of candidates beside a name. By default
   * nothing, so that a name gets the same port on every machine.
   */
  readonly seed?: string;
  /** Takes messages that are no errors. */
  readonly warn: (message: string) => void;
}

/** How long to wait for other writers by default, in seconds. */
export const DEFAULT_WAIT = 10;

/**
 * The seed for a user's own store: two people on one machine who both ask for
 * `web` seldom meet.
 */
export function seedOf(runtime: Runtime): string {
  const id = runtime.userId();
  return id === undefined ? "" : `${id}:`;
}

/** What a name has, if that is not a lease that has ended. */
export function liveIn(view: View, name: string): Association | undefined {
  const association = view.find(name);
  return association && !isExpired(association) ? association : undefined;
}
