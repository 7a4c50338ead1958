/**
 * What clients saw of a store, and whether one store, that does one thing at
 * a time, could have shown them that.
 *
 * @module
 */

/** One call about one name. */
export interface Call {
  readonly name: string;
  readonly kind: "give" | "get" | "release";
  /** When it began and ended, in milliseconds of one clock. */
  readonly start: number;
  readonly end: number;
  /**
   * The port that it gave or told; `null` for none. `"unknown"` where it may
   * have done what it was to do, be it much later.
   */
  readonly result: number | null | "unknown";
}

/** What a name has: a port, none, or one that nobody has seen yet. */
type State = number | null | "some";

/**
 * The names whose calls cannot be put in an order in which each takes effect
 * between its beginning and its end, and every answer is true.
 */
export function impossible(calls: readonly Call[]): string[] {
  const byName = Map.groupBy(calls, ({ name }) => name);
  return [...byName]
    .filter(([, calls]) => !isPossible(calls))
    .map(([name]) => name);
}

function isPossible(calls: readonly Call[]): boolean {
  const all = calls.toSorted((a, b) => a.start - b.start);
  const seen = new Set<string>();
  const search = (done: Uint8Array, state: State): boolean => {
    // What only looks can be put in order as soon as it is true.
    for (let found = true; found;) {
      found = false;
      for (const at of next(all, done)) {
        if (all[at]!.kind !== "get") continue;
        const after = stateAfter(all[at]!, state);
        if (after === undefined) continue;
        done[at] = 1;
        state = after;
        found = true;
      }
    }
    if (all.every((call, at) => done[at] || call.result === "unknown")) {
      return true;
    }
    const key = `${done.join("")} ${state}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return next(all, done).some((at) => {
      const after = stateAfter(all[at]!, state);
      if (after === undefined) return false;
      const more = done.slice();
      more[at] = 1;
      return search(more, after);
    });
  };
  return search(new Uint8Array(all.length), null);
}

/** Those that may come next: all that began before the first of them ended. */
function next(all: readonly Call[], done: Uint8Array): number[] {
  let end = Infinity;
  const open: number[] = [];
  for (let at = 0; at < all.length; at++) {
    const call = all[at]!;
    if (call.start > end) break;
    if (done[at]) continue;
    open.push(at);
    // One whose outcome is not known may come at any later time.
    if (call.result !== "unknown") end = Math.min(end, call.end);
  }
  return open.filter((at) => all[at]!.start <= end);
}

/** The state after a call, if its answer is true in the one before. */
function stateAfter({ kind, result }: Call, state: State): State | undefined {
  if (kind === "release") return null;
  if (kind === "get" && result === null) {
    return state === null ? null : undefined;
  }
  if (result === "unknown") return state === null ? "some" : state;
  // Nobody has seen the port before: it is this one.
  if (state === "some" || state === result) return result;
  return kind === "give" && state === null ? result : undefined;
}

/** A key that was written, or removed, by a revision. */
export interface Event {
  readonly revision: number;
  /** Below the prefix of the store, such as `name/web`. */
  readonly key: string;
  /** Without one, it was removed. */
  readonly value: string | undefined;
  readonly lease: string;
}

/**
 * What is wrong with the history of a store, revision by revision: names and
 * ports without each other, a port with two names, a name with another port
 * than before.
 */
export function faultsIn(events: readonly Event[]): string[] {
  const faults: string[] = [];
  const names = new Map<
    string,
    { port: number; count: number; lease: string }
  >();
  const ports = new Map<number, { name: string; lease: string }>();
  for (const [revision, group] of Map.groupBy(events, (one) => one.revision)) {
    const fault = (text: string) =>
      faults.push(`revision ${revision}: ${text}`);
    const touched = new Set<string>();
    for (const { key, value, lease } of group) {
      const [, kind, rest = ""] = /^(\w+)\/(.*)$/s.exec(key) ?? [];
      if (kind === "name") {
        touched.add(rest);
        const before = names.get(rest);
        if (value === undefined) names.delete(rest);
        else {
          const { port, count } = JSON.parse(value);
          if (before && (before.port !== port || before.count !== count)) {
            fault(`${rest} had ${before.port} and has ${port}`);
          }
          names.set(rest, { port, count, lease });
        }
      } else if (kind === "port") {
        const port = Number(rest);
        const before = ports.get(port);
        if (before) touched.add(before.name);
        if (value === undefined) ports.delete(port);
        else {
          if (before && before.name !== value) {
            fault(`port ${port} was ${before.name}'s and is ${value}'s`);
          }
          touched.add(value);
          ports.set(port, { name: value, lease });
        }
      }
    }
    for (const name of touched) {
      const entry = names.get(name);
      const held = [...ports].filter(([, holder]) => holder.name === name);
      const wanted = entry
        ? Array.from({ length: entry.count }, (_, at) => entry.port + at)
        : [];
      const has = held.map(([port]) => port).sort((a, b) => a - b);
      if (has.join() !== wanted.join()) {
        fault(`${name} says ${wanted.join()} and has ${has.join()}`);
      }
      if (held.some(([, { lease }]) => lease !== entry?.lease)) {
        fault(`the keys of ${name} do not end together`);
      }
    }
  }
  return faults;
}
