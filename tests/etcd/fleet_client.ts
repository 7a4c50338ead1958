/**
 * A machine's port-for at work: many calls, one after the other, on a store
 * that other machines use at the same time. The first argument says how, in
 * JSON; each call is printed as a line of JSON.
 *
 * @module
 */
import { FleetStore } from "../../main.ts";
import type { Call } from "../support/history.ts";

/** How a client works. */
export interface Work {
  readonly store: string;
  /** Names that it calls about. */
  readonly names: readonly string[];
  /** How many calls it makes. */
  readonly calls: number;
  /** In seconds, for a change. */
  readonly wait: number;
  /** Whether it only asks for each name once, in order. */
  readonly onlyGive?: boolean;
}

/** A call as it is printed. */
export interface Noted extends Call {
  /** Whether the answer was said to be maybe old. */
  readonly old: boolean;
  /** Why it failed, where it did. */
  readonly failure?: string;
}

/** Now, by the clock of all processes of this machine. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

if (import.meta.main) {
  const work: Work = JSON.parse(Deno.args[0]!);
  let old = false;
  const store = new FleetStore(work.store, {
    wait: work.wait,
    onWarning: (message) => old ||= message.includes("answer"),
  });
  for (let at = 0; at < work.calls; at++) {
    const [name, kind] = work.onlyGive
      ? [work.names[at]!, "give" as const]
      : drawn(work.names);
    const start = now();
    old = false;
    let result: Call["result"] = null;
    let failure: string | undefined;
    try {
      result = await done(store, name, kind);
    } catch (error) {
      failure = (error as Error).message;
      result = failure.startsWith("cannot tell") ? "unknown" : null;
    }
    // The clocks of two processes may differ by a moment.
    const noted: Noted = {
      ...{ name, kind, result, old, start: start - 1, end: now() + 1 },
      ...(failure === undefined ? {} : { failure }),
    };
    console.log(JSON.stringify(noted));
  }
}

function drawn(names: readonly string[]): [string, Call["kind"]] {
  const name = names[Math.floor(Math.random() * names.length)]!;
  const kind = Math.random();
  return [name, kind < 0.5 ? "give" : kind < 0.8 ? "release" : "get"];
}

async function done(
  store: FleetStore,
  name: string,
  kind: Call["kind"],
): Promise<number | null> {
  if (kind === "get") return (await store.get(name))?.port ?? null;
  if (kind === "release") {
    await store.release(name);
    return null;
  }
  // Leases, blocks and several at once, too.
  if (name.startsWith("lease")) return await store.associate(name, { ttl: 5 });
  if (name.startsWith("block")) {
    const [block] = await store.ensure([name], { count: 5 });
    return block!.port;
  }
  if (name.startsWith("pair")) {
    return (await store.associate([name, `with ${name}`]))[0]!;
  }
  return await store.associate(name);
}
