import { type Association, isExpired } from "../association.ts";
import type { View } from "../place.ts";

/** What to list. */
export interface ListOptions {
  /** Whether to include expired leases. Defaults to false. */
  readonly expired?: boolean;
  /** Receives what is wrong with entries. By default they are warnings. */
  readonly onProblem?: (problem: string) => void;
}

/** The associations to list. */
export function listed(
  all: readonly Association[],
  { problems }: View,
  { expired = false, onProblem }: ListOptions,
): Association[] {
  for (const problem of problems) onProblem?.(problem);
  return all.filter((association) => expired || !isExpired(association));
}
