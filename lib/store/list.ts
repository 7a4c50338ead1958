import { type Association, isExpired } from "../association.ts";
import type { View } from "../place.ts";

/** What to list. */
export interface ListOptions {
  /** Leases that have ended, too. By default they are left out. */
  readonly expired?: boolean;
  /** Takes what is wrong with entries, by default as warnings. */
  readonly onProblem?: (problem: string) => void;
}

/** Those of all associations that are to be listed. */
export function listed(
  all: readonly Association[],
  { problems }: View,
  { expired = false, onProblem }: ListOptions,
): Association[] {
  for (const problem of problems) onProblem?.(problem);
  return all.filter((association) => expired || !isExpired(association));
}
