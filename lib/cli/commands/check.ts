import { onOneLine, PortForError, quoted } from "../../error.ts";
import type { Claim } from "../../machine/claim.ts";
import { readEphemeralRanges } from "../../machine/ephemeral.ts";
import { signOfNode } from "../../machine/node.ts";
import { readReservedPorts } from "../../machine/reserved.ts";
import {
  foreignReservations,
  readOwnSysctlFile,
  sysctlFile,
  sysctlFilesThatOverride,
} from "../../kernel/sysctl_files.ts";
import {
  DYNAMIC_RANGE,
  formatPortRange,
  formatPortRanges,
  overlap,
  SYSTEM_PORTS,
} from "../../ports/port_range.ts";
import { PortSet, setOf } from "../../ports/port_set.ts";
import {
  assignedPorts,
  PUBLISHED_RANGE,
  wellKnownPorts,
} from "../../ports/registry.ts";
import {
  errorCode,
  type FileFacts,
  type Runtime,
} from "../../runtime/runtime.ts";
import { folderOf } from "../../runtime/path.ts";
import {
  type Association,
  isExpired,
  nameProblem,
  portsOf,
} from "../../association.ts";
import type { Policy } from "../../place.ts";
import { isGone } from "../../runtime/presence.ts";
import { realPathOf } from "../../disk/real_path.ts";
import { readClaims } from "../../store/claims.ts";
import { lockProblem } from "../../disk/store_lock.ts";
import { type Call, readStore, type StoreContent } from "../call.ts";
import { type AssociationStatus, statusOf } from "./status.ts";
import { holderText, json, painterFor } from "../text.ts";

/** What `--check` found, as `--check --json` prints it. */
export interface CheckReport {
  /** What is wrong, and what to do about it. */
  readonly problems: readonly string[];
  /** What is as it may be, but worth knowing. */
  readonly notes: readonly string[];
}

/**
 * `--check`: every problem in the store and with its ports, each once.
 *
 * @returns 0 where there is none, else 1.
 */
export async function check(call: Call): Promise<number> {
  const { line, runtime } = call;
  const report = await checked(call);
  runtime.writeOut(
    line.has("json") ? json(report) : text(report, runtime),
  );
  return report.problems.length === 0 ? 0 : 1;
}

async function checked(call: Call): Promise<CheckReport> {
  const { store, runtime } = call;
  const path = store.place.name;
  const problems: string[] = [...fileProblems(path, runtime)];
  let content: StoreContent = { associations: [], policy: {} };
  try {
    content = await readStore(call, {
      expired: true,
      onProblem: (problem) => problems.push(problem),
    });
  } catch (error) {
    if (!(error instanceof PortForError)) throw error;
    problems.push(error.message);
  }
  const { associations, policy } = content;
  const promised = readClaims(runtime, store.place.source());
  const reasons = reasonsToMove(runtime, policy);
  for (const association of associations) {
    problems.push(
      ...associationProblems(association),
      ...portProblems(association, reasons, promised),
    );
  }
  problems.push(...reservationProblems(path, associations, runtime));
  const notes = (await statusOf(associations, runtime))
    .filter(({ state }) => state === "in use")
    .flatMap(useNotes);
  return { problems: [...new Set(problems)], notes };
}

function text({ problems, notes }: CheckReport, runtime: Runtime): string {
  const paint = painterFor(runtime);
  return [
    ...problems.map((problem) =>
      `${paint.bad("problem")}: ${onOneLine(problem)}\n`
    ),
    ...notes.map((note) => `${paint.dim("note")}: ${onOneLine(note)}\n`),
    problems.length === 0
      ? paint.good("no problem found\n")
      : `${problems.length} problem${problems.length === 1 ? "" : "s"} found\n`,
  ].join("");
}

function useNotes({ name, port, holders }: AssociationStatus): string[] {
  const byPort = Map.groupBy(holders, ({ port }) => port);
  const ports = byPort.size > 0 ? byPort : new Map([[port, holders]]);
  return [...ports].map(([port, holders]) =>
    `port ${port} of ${quoted(name)} is in use by ${holderText(holders)}`
  );
}

function* associationProblems(association: Association): Generator<string> {
  const { name, expires } = association;
  const shown = quoted(name);
  const wrong = nameProblem(name);
  if (wrong !== undefined) {
    yield `the name ${shown} is not valid: ${wrong} (rename it in the store)`;
  }
  if (expires && isExpired(association)) {
    yield `the lease of ${shown} expired at ${expires.toISOString()} ` +
      `(drop it with --prune, or renew it with --ttl)`;
  }
}

const MOVE = "move it: take it away with --unbind, then ask for it again";

/** Why a name's ports would not be chosen today: the strongest reason. */
function* portProblems(
  association: Association,
  reasons: readonly Reason[],
  promised: readonly Claim[],
): Generator<string> {
  const held = setOf([portsOf(association)]);
  const whose = `of ${quoted(association.name)}`;
  for (const { why, ports } of reasons) {
    const common = new PortSet(held).retainAll(ports);
    if (common.isEmpty) continue;
    const which = [...common.ranges()].map(formatPortRange).join(", ");
    yield `port ${which} ${whose} is ${why} (${MOVE})`;
    return;
  }
  for (const claim of promised) {
    if (isForName(claim, association.name)) continue;
    const common = setOf(claim.ranges).retainAll(held);
    if (common.isEmpty) continue;
    const which = [...common.ranges()].map(formatPortRange).join(", ");
    yield `port ${which} ${whose} is ${claim.text} (${MOVE})`;
    return;
  }
}

/**
 * Whether a claim may well be for this very name: an administrator wrote it
 * into /etc/services, made a socket unit for it, or keeps its port from the
 * kernel.
 */
function isForName({ kind, by }: Claim, name: string): boolean {
  if (kind === "reserved ports") return by === "";
  if (kind === "store") return false;
  return by.replace(/\.socket$/, "").toLowerCase() === name.toLowerCase();
}

/** Ports that would not be chosen today, and why. */
interface Reason {
  readonly why: string;
  readonly ports: PortSet;
}

function reasonsToMove(runtime: Runtime, { range }: Policy): Reason[] {
  const { ranges, configured } = readEphemeralRanges(runtime);
  const ephemeral = `in the ephemeral range ${formatPortRanges(configured)}`;
  const dynamic = range && overlap(range, DYNAMIC_RANGE)
    ? [] // The policy wants it so.
    : [{ why: "in the dynamic range", ports: setOf([DYNAMIC_RANGE]) }];
  return [
    { why: "a system port", ports: setOf([SYSTEM_PORTS]) },
    { why: "assigned by IANA", ports: assignedPorts() },
    ...wellKnownReasons(runtime),
    { why: ephemeral, ports: setOf(ranges) },
    ...dynamic,
  ];
}

/** What orchestrators publish services on matters only on one of their nodes. */
function wellKnownReasons(runtime: Runtime): Reason[] {
  const known = new PortSet(wellKnownPorts());
  const published = new PortSet(known).retainAll(setOf([PUBLISHED_RANGE]));
  const sign = signOfNode(runtime);
  const node = sign === undefined ? [] : [{
    why: `in ${formatPortRange(PUBLISHED_RANGE)}, on which the orchestrator ` +
      `of this node publishes services (by ${sign})`,
    ports: published,
  }];
  return [
    ...node,
    { why: "well known", ports: known.deleteAll(published) },
  ];
}

const PUT_RIGHT = "port-for --reserve puts that right";

/** Where store, kernel and sysctl file differ about what is reserved. */
function* reservationProblems(
  path: string,
  associations: readonly Association[],
  runtime: Runtime,
): Generator<string> {
  const reserved = associations.filter(({ reserved }) => reserved);
  const { ports: file, added, unfinished } = readOwnSysctlFile(runtime);
  const own = realPathOrPath(path, runtime);
  const mine = added.get(own);
  if (mine) {
    const inVain = new PortSet(mine).deleteAll(setOf(reserved.map(portsOf)));
    for (const range of inVain.ranges()) {
      yield `port ${formatPortRange(range)} is reserved for a name that is ` +
        `not in the store any more (${PUT_RIGHT})`;
    }
  }
  for (const [store, ports] of added) {
    if (store === own || ports.isEmpty || !isGone(store, runtime)) continue;
    const which = [...ports.ranges()].map(formatPortRange).join(", ");
    yield `port ${which} is reserved for ${quoted(store)}, which is gone ` +
      `(port-for --store ${quoted(store)} --reserve takes that back)`;
  }
  if (unfinished) {
    yield `a change of the reserved ports was cut short (${PUT_RIGHT})`;
  }
  if (reserved.length === 0) return;
  const kernel = readReservedPorts(runtime);
  for (const association of reserved) {
    const ports = setOf([portsOf(association)]);
    const which = `port ${formatPortRange(portsOf(association))} of ` +
      `${quoted(association.name)}`;
    if (!kernel.hasAll(ports)) {
      yield `${which} is no longer reserved in the kernel (${PUT_RIGHT})`;
    }
    if (!file.hasAll(ports)) {
      yield `${which} is not in ${sysctlFile(runtime)}, so the kernel will ` +
        `forget it at the next boot (${PUT_RIGHT})`;
    }
  }
  yield* otherFilesProblems(file, runtime);
}

/** Only the last file that sets the list counts at boot. */
function* otherFilesProblems(
  own: PortSet,
  runtime: Runtime,
): Generator<string> {
  const late = sysctlFilesThatOverride(runtime);
  for (const other of late) {
    yield `${other} also sets net.ipv4.ip_local_reserved_ports and is read ` +
      `after ${sysctlFile(runtime)} (move its line to a file in ` +
      `/etc/sysctl.d with a lower name, then run port-for --reserve)`;
  }
  for (const [other, ports] of foreignReservations(runtime)) {
    const hidden = [...new PortSet(ports).deleteAll(own).ranges()];
    if (hidden.length === 0 || late.includes(other)) continue;
    yield `${other} reserves ${hidden.map(formatPortRange)}, which ` +
      `${sysctlFile(runtime)} hides at the next boot (${PUT_RIGHT})`;
  }
}

/** Where a store is or was, whether or not there is anything by now. */
function realPathOrPath(path: string, runtime: Runtime): string {
  try {
    return realPathOf(path, runtime);
  } catch {
    return path;
  }
}

/** What is wrong with the store's file, its lock, its folder, and leftovers. */
function* fileProblems(path: string, runtime: Runtime): Generator<string> {
  const real = realPathIfThere(path, runtime);
  if (real === undefined) return;
  const lock = factsOrNothing(`${real}.lock`, runtime);
  const foreign = lock &&
    lockProblem(lock, factsOrNothing(real, runtime), runtime);
  if (foreign) yield `the lock ${real}.lock keeps every change out: ${foreign}`;
  for (const file of [real, `${real}.lock`]) {
    const facts = factsOrNothing(file, runtime);
    if (facts?.kind === "file" && writableByOthers(facts)) {
      yield `${file} can be written by everybody (chmod o-w ${file})`;
    }
  }
  const folder = folderOf(real, runtime.os);
  const folderFacts = factsOrNothing(folder, runtime);
  if (folderFacts && writableByOthers(folderFacts) && !isSticky(folderFacts)) {
    yield `everybody can replace files in ${folder} (chmod o-w ${folder})`;
  }
  if (factsOrNothing(`${real}.tmp`, runtime)) {
    yield `${real}.tmp was left by a port-for that died, or one is writing ` +
      `just now (the next change of the store removes it)`;
  }
}

function writableByOthers({ mode = 0 }: FileFacts): boolean {
  return (mode & 0o002) !== 0;
}

/** In a sticky folder people can remove and rename only what is theirs. */
function isSticky({ mode = 0 }: FileFacts): boolean {
  return (mode & 0o1000) !== 0;
}

function realPathIfThere(path: string, runtime: Runtime): string | undefined {
  try {
    return runtime.realPath(path);
  } catch (error) {
    if (errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

function factsOrNothing(path: string, runtime: Runtime): FileFacts | undefined {
  try {
    return runtime.lstat(path);
  } catch (error) {
    if (errorCode(error) !== undefined) return undefined;
    throw error;
  }
}
