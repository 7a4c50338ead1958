import { errorCode } from "./runtime.ts";

/** So often in a row nothing is interrupted by chance. */
const MOST_TRIES = 100;

/** Does something again where a signal interrupted it (EINTR). */
export function uninterrupted<T>(action: () => T): T {
  for (let tries = 1;; tries++) {
    try {
      return action();
    } catch (error) {
      if (errorCode(error) !== "EINTR" || tries === MOST_TRIES) throw error;
    }
  }
}
