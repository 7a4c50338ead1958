import type { Association } from "./association.ts";
import type { PortRange } from "./ports/port_range.ts";
import type { PortSet } from "./ports/port_set.ts";

/** A value, or a promise of it if it has to be fetched. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Where associations are kept: a file, or a prefix in a cluster. A place knows
 * names and ports, but not how ports are chosen.
 */
export interface Place {
  /** Its name in messages, such as the path of a file. */
  readonly name: string;
  /**
   * Its real path, the same for every path that leads to it; `undefined` if it
   * is not a file of this machine.
   */
  source(): string | undefined;
  /**
   * How large one change can be, counting 2 for each name and 1 for each of its
   * ports. Defaults to no limit.
   */
  readonly capacity?: number;
  /** The shortest lease that it can keep, in seconds. Defaults to no limit. */
  readonly shortestLease?: number;
  /**
   * Reads its current content.
   *
   * @param names The names that will be looked up; a large place fetches only
   * those.
   */
  read(names: readonly string[]): Awaitable<View>;
  /**
   * Changes its content: all of a change or nothing. When this returns, the
   * change survives a power failure.
   *
   * @param names The names that will be looked up or changed.
   * @param step Computes the change. It runs again, on a new view, if another
   * writer was quicker.
   * @throws {PortForError} Then nothing has changed.
   */
  change(
    names: readonly string[],
    step: (view: View) => Promise<Change>,
  ): Promise<void>;
  /**
   * Looks for problems in how it keeps associations, beyond those of its view.
   *
   * @param mend Whether to repair what can be repaired.
   */
  check?(mend: boolean): Promise<Checked>;
}

/** What a check of a place found. */
export interface Checked {
  /** What is wrong, and what to do about it. */
  readonly problems: readonly string[];
  /** What was wrong and has been repaired. */
  readonly mended: readonly string[];
}

/** The content of a place at one moment. */
export interface View {
  /** The place's real path or address. */
  readonly source: string;
  /** The store's policy. */
  readonly policy: Policy;
  /**
   * Why this may be out of date, if it may: names missing here may have ports
   * by now.
   */
  readonly old?: string;
  /** Names that this machine asks for the first time, as far as it knows. */
  readonly newHere?: ReadonlySet<string>;
  /**
   * What is wrong, each with its place. With problems, nothing may be changed.
   */
  readonly problems: readonly string[];
  /**
   * The association of a name, even if it is an expired lease.
   *
   * @throws {PortForError} `STORE_INVALID` if its entry is not valid.
   */
  find(name: string): Association | undefined;
  /**
   * The associations that have any of these ports, including expired leases.
   */
  holders(ports: PortSet): Awaitable<readonly Association[]>;
  /**
   * Every association, in the order of the place. Invalid entries are left out.
   */
  all(): Awaitable<readonly Association[]>;
  /**
   * Every association in the layers, even those that the store overrides. Only
   * if the place has layers.
   */
  layered?(): readonly Association[];
  /**
   * Throws if anything is wrong.
   *
   * @throws {PortForError} `STORE_INVALID`.
   */
  refuseProblems(): void;
}

/** The `[policy]` of a store; a call can override each part. */
export interface Policy {
  /** Choose only in this range. */
  readonly range?: PortRange | undefined;
  /** Never choose one of these. */
  readonly exclude?: PortSet | undefined;
}

/** The new association of each changed name; `undefined` to remove it. */
export type Changes = ReadonlyMap<string, Association | undefined>;

/** A change computed by a step. */
export interface Change {
  /** The changed names; if empty, nothing is written. */
  readonly changes: Changes;
  /** Runs right before the change is made. */
  readonly prepare?: () => void;
  /** Undoes what `prepare` did, as far as possible. */
  readonly undo?: () => void;
}
