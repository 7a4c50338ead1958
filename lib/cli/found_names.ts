/** Names for a manifest, and what was left out. */
export interface FoundNames {
  /** The names, in order. */
  readonly names: readonly string[];
  /** Why others were left out. */
  readonly skipped: readonly string[];
}
