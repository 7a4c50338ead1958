/** Names for a manifest, and what was skipped. */
export interface FoundNames {
  /** The names, in order. */
  readonly names: readonly string[];
  /** Why others were skipped. */
  readonly skipped: readonly string[];
}
