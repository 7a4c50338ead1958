import type { Association } from "./association.ts";
import type { PortRange } from "./ports/port_range.ts";
import type { PortSet } from "./ports/port_set.ts";

/** A value, or a promise of it where it has to be fetched from elsewhere. */
export type Awaitable<T> = T | Promise<T>;

/**
 * A place that keeps associations: a file, or a prefix in a cluster. It knows
 * names and ports, and nothing of why a name gets which.
 */
export interface Place {
  /** What messages call it, such as the path of a file. */
  readonly name: string;
  /**
   * Where it is, symlinks followed: the same for every way to it; `undefined`
   * for what is not a file of this machine.
   */
  source(): string | undefined;
  /**
   * How much one change can give to names: 2 for each of them, and 1 for each
   * of their ports. Without it, any amount.
   */
  readonly capacity?: number;
  /** The shortest lease that it can keep, in seconds. Without it, any. */
  readonly shortestLease?: number;
  /**
   * What it says now.
   *
   * @param names The names that will be looked for; a large place fetches no
   * others.
   */
  read(names: readonly string[]): Awaitable<View>;
  /**
   * Changes what it says: all of a change, or nothing. When this returns, the
   * change will outlive a power failure.
   *
   * @param names The names that will be looked for or changed.
   * @param step Says what is to be changed. It runs again, on a new view, where
   * another writer was quicker.
   * @throws {PortForError} Nothing is changed then.
   */
  change(
    names: readonly string[],
    step: (view: View) => Promise<Change>,
  ): Promise<void>;
  /**
   * What is wrong with how it keeps associations, beside what its view says.
   *
   * @param mend Whether to put right what can be.
   */
  check?(mend: boolean): Promise<Checked>;
}

/** What a check of a place has found. */
export interface Checked {
  /** What is wrong, and what to do about it. */
  readonly problems: readonly string[];
  /** What was wrong, and is put right now. */
  readonly mended: readonly string[];
}

/** What a place says at one moment. */
export interface View {
  /** Where this stands, symlinks followed: the same for every way to it. */
  readonly source: string;
  /** What this site wants of ports that are chosen. */
  readonly policy: Policy;
  /**
   * Why this may be out of date, where it may: what is not here may have been
   * given since.
   */
  readonly old?: string;
  /** Names that this machine has never asked for before, as far as it knows. */
  readonly newHere?: ReadonlySet<string>;
  /** What is wrong, each with its place. Such a view must not be changed. */
  readonly problems: readonly string[];
  /**
   * What a name has, be it a lease that has ended.
   *
   * @throws {PortForError} `STORE_INVALID` where its entry cannot be understood.
   */
  find(name: string): Association | undefined;
  /** What has any of these ports, leases that have ended included. */
  holders(ports: PortSet): Awaitable<readonly Association[]>;
  /** Everything, in the order of the place; unsound entries are left out. */
  all(): Awaitable<readonly Association[]>;
  /**
   * What read-only layers below say, whether or not it counts; only a place
   * that has such.
   */
  layered?(): readonly Association[];
  /**
   * Refuses to go on where anything is wrong.
   *
   * @throws {PortForError} `STORE_INVALID`.
   */
  refuseProblems(): void;
}

/** The `[policy]` of a store; a call can override each part. */
export interface Policy {
  /** Choose only in this range. */
  readonly range?: PortRange | undefined;
  /** Do not choose one of these. */
  readonly exclude?: PortSet | undefined;
}

/** What is to become of which names: an association, or none. */
export type Changes = ReadonlyMap<string, Association | undefined>;

/** What a step wants changed. */
export interface Change {
  /** What is to become of which names; without any, nothing is written. */
  readonly changes: Changes;
  /** What has to be done right before the change is made. */
  readonly prepare?: () => void;
  /** Takes back what `prepare` did, as far as it can. */
  readonly undo?: () => void;
}
