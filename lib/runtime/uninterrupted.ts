import { errorCode } from "./runtime.ts";

/** This many interruptions in a row are no coincidence. */
const MOST_TRIES = 100;

/** Repeats an action that a signal interrupted (EINTR). */
export function uninterrupted<T>(action: () => T): T {
  for (let tries = 1;; tries++) {
    try {
      return action();
    } catch (error) {
      if (errorCode(error) !== "EINTR" || tries === MOST_TRIES) throw error;
    }
  }
}
