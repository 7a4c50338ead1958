import { type Association, isExpired } from "../association.ts";
import type { Place, View } from "../place.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What commands work on: a place, the machine, and where warnings go. */
export interface Store {
  /** Where the associations are kept. */
  readonly place: Place;
  /** The machine on which ports are chosen. */
  readonly runtime: Runtime;
  /** How long to wait for other writers without any progress, in seconds. */
  readonly wait: number;
  /** Whether waiting may block the whole process. */
  readonly mayBlock: boolean;
  /**
   * What seeds the sequence of candidates in addition to the name. Defaults to
   * nothing, so a name gets the same port on every machine.
   */
  readonly seed?: string;
  /** Receives warnings. */
  readonly warn: (message: string) => void;
}

/** How long to wait for other writers by default, in seconds. */
export const DEFAULT_WAIT = 10;

/**
 * The seed for a user's own store. It has the user id in it, so two people on
 * one machine who both ask for `web` seldom get the same port.
 */
export function seedOf(runtime: Runtime): string {
  const id = runtime.userId();
  return id === undefined ? "" : `${id}:`;
}

/** The association of a name, unless it is an expired lease. */
export function liveIn(view: View, name: string): Association | undefined {
  const association = view.find(name);
  return association && !isExpired(association) ? association : undefined;
}
