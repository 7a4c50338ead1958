import { onOneLine, PortForError, quoted } from "../../error.ts";
import { WHAT_FORBIDS } from "../../machine/probe.ts";
import { readReservedPorts } from "../../machine/reserved.ts";
import {
  foreignReservations,
  readOwnSysctlFile,
  sysctlFile,
  sysctlFilesThatOverride,
} from "../../kernel/sysctl_files.ts";
import { formatPortRange } from "../../ports/port_range.ts";
import { PortSet, setOf } from "../../ports/port_set.ts";
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
import { isGone } from "../../runtime/presence.ts";
import { realPathOf } from "../../disk/real_path.ts";
import { machineStore } from "../../disk/usual_stores.ts";
import { lockProblem } from "../../disk/store_lock.ts";
import { type Call, portList, readStore, type StoreContent } from "../call.ts";
import { associationsHere, isOlderName } from "../here.ts";
import { Judge } from "../judge.ts";
import { type AssociationStatus, statusOf } from "./status.ts";
import { inUseText, json, painterFor } from "../text.ts";

/** What `--check` found, as `--check --json` prints it. */
export interface CheckReport {
  /** What is wrong, and what to do about it. */
  readonly problems: readonly string[];
  /** What is worth knowing but not wrong. */
  readonly notes: readonly string[];
}

/**
 * `--check`: reports every problem in the store and with its ports, each once.
 *
 * @returns 0 if there is none, else 1.
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
  const { line, store, runtime } = call;
  const path = store.place.name;
  const problems: string[] = [...fileProblems(path, runtime)];
  let content: StoreContent = {
    associations: [],
    policy: {},
    layered: [],
  };
  try {
    content = await readStore(call, {
      expired: true,
      onProblem: (problem) => problems.push(problem),
    });
  } catch (error) {
    if (!(error instanceof PortForError)) throw error;
    problems.push(error.message);
  }
  const kept = await store.place.check?.(line.has("fix"));
  problems.push(...kept?.problems ?? []);
  const { policy } = content;
  const associations = associationsHere(call, content.associations)
    .map(({ association }) => association);
  const judge = new Judge(call, policy);
  for (const association of associations) {
    problems.push(...associationProblems(association));
    const problem = judge.problem(association);
    if (problem === undefined) continue;
    const { name } = association;
    problems.push(
      `port ${judge.ports(association)} of ${quoted(name)} is ${problem} ` +
        `(${MOVE}; or say that you know with --port N --allow)`,
    );
  }
  problems.push(...layerProblems(content.associations, content.layered));
  problems.push(...reservationProblems(path, associations, runtime));
  const statuses = await statusOf(associations, runtime);
  const notes = [
    ...associations.flatMap((one) =>
      judge.notes(one).map((note) =>
        `port ${one.port} of ${
          quoted(one.name)
        } is ${note}, perhaps for this ` +
        `name`
      )
    ),
    ...kept?.mended ?? [],
    ...statuses.filter(({ state }) => state === "in use").flatMap(useNotes),
    ...statuses.filter(({ state }) => state === "forbidden").map(forbiddenNote),
    ...associations.filter((one) => isOlderName(one, runtime)).map(olderNote),
  ];
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
    `port ${port} of ${quoted(name)} is ${inUseText(holders)}`
  );
}

/** Conflicts among layers and between layers and the store. */
function* layerProblems(
  counting: readonly Association[],
  layered: readonly Association[],
): Generator<string> {
  const byName = new Map(counting.map((one) => [one.name, one]));
  const byPort = new Map<number, Association>();
  for (const association of counting) {
    for (const port of portList(association)) byPort.set(port, association);
  }
  for (const association of layered) {
    const { name, port, count, layer } = association;
    const other = byName.get(name);
    const where = (one: Association) => one.layer ?? "the store";
    if (other && (other.port !== port || other.count !== count)) {
      yield `${quoted(name)} has port ${other.port} in ${
        where(other)
      }, which ` +
        `counts, and ${port} in ${layer} (make them agree)`;
    }
    for (const one of portList(association)) {
      const holder = byPort.get(one);
      if (holder === undefined || holder.name === name) continue;
      yield `port ${one} belongs to ${quoted(holder.name)} in ` +
        `${where(holder)} and to ${quoted(name)} in ${layer} (change one)`;
    }
  }
}

function forbiddenNote({ name, port }: AssociationStatus): string {
  return `port ${port} of ${quoted(name)} may not be bound by this process: ` +
    WHAT_FORBIDS;
}

function olderNote({ name, directory }: Association): string {
  return `${quoted(name)} belongs to the folder ${directory}, which is only ` +
    `a part of a checkout: it is found from there alone (take it away with ` +
    `--unbind to have one for the whole checkout)`;
}

function* associationProblems(association: Association): Generator<string> {
  const { name, expires } = association;
  const shown = quoted(name);
  const wrong = nameProblem(name, association.directory);
  if (wrong !== undefined) {
    yield `the name ${shown} is not valid: ${wrong} (rename it in the store)`;
  }
  if (expires && isExpired(association)) {
    yield `the lease of ${shown} expired at ${expires.toISOString()} ` +
      `(drop it with --prune, or renew it with --ttl)`;
  }
}

const MOVE = "move it: take it away with --unbind, then ask for it again";

const PUT_RIGHT = "port-for --reserve fixes that";

/**
 * Differences between the store, the kernel and the sysctl file about reserved
 * ports.
 */
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

/** At boot, only the last file that sets the list counts. */
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

/** The real path of a store; its path if that cannot be resolved. */
function realPathOrPath(path: string, runtime: Runtime): string {
  try {
    return realPathOf(path, runtime);
  } catch {
    return path;
  }
}

/** Problems with the store's file, its lock, its folder and leftover files. */
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
  if (path === machineStore(runtime)) yield* readerProblems(real, runtime);
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

/** Services look up their ports under their own users. */
function* readerProblems(path: string, runtime: Runtime): Generator<string> {
  const { kind, mode = 0o004 } = factsOrNothing(path, runtime) ?? {};
  if (kind === "file" && (mode & 0o004) === 0) {
    yield `${path} cannot be read by everybody, so services cannot look ` +
      `their ports up (chmod a+r ${path})`;
  }
}

function writableByOthers({ mode = 0 }: FileFacts): boolean {
  return (mode & 0o002) !== 0;
}

/** In a sticky folder, users can remove and rename only their own files. */
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
