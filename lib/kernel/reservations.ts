import { PortForError } from "../error.ts";
import {
  addKernelReservations,
  fitsOneWrite,
  readKernelReservations,
  RESERVED_PORTS_FILE,
  writeKernelReservations,
} from "../machine/reserved.ts";
import {
  type OwnSysctlFile,
  readForeignSysctlFiles,
  readOwnSysctlFile,
  sysctlFile,
  sysctlFileText,
} from "./sysctl_files.ts";
import { PortSet, setOf } from "../ports/port_set.ts";
import { folderOf } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import { type Association, portsOf } from "../association.ts";
import { factsIfThere, isGone } from "../runtime/presence.ts";
import { flushFolderOf, replaceFile } from "../disk/replace_file.ts";
import type { ReservedPorts } from "./reserved_ports.ts";
import { readStore } from "../disk/store_file.ts";
import { lockStore, type StoreLock, type Waiting } from "../disk/store_lock.ts";

/** A change to the kernel's list and port-for's sysctl file. */
interface ReservationPlan {
  /** The kernel's list now. */
  readonly told: PortSet;
  /** The kernel's list afterwards. */
  readonly reserved: PortSet;
  /** Ports to add for this store. */
  readonly toAdd: PortSet;
  /** Ports that were added for this store and are no longer needed. */
  readonly toTake: PortSet;
  /** The file afterwards. */
  readonly file: OwnSysctlFile;
}

/**
 * The ports that the kernel and port-for's sysctl file keep out of the
 * ephemeral range for one store. Reservations of others are never removed:
 * port-for's file lists what port-for added, by store, and is written before
 * the kernel is told. So even after a crash, the next change knows what to take
 * back.
 */
export class Reservations {
  readonly #store: string;
  readonly #runtime: Runtime;
  readonly #lock: StoreLock;
  /** Steps that undo the changes so far, in the order of the changes. */
  readonly #undo: (() => void)[] = [];

  private constructor(store: string, runtime: Runtime, lock: StoreLock) {
    this.#store = store;
    this.#runtime = runtime;
    this.#lock = lock;
  }

  /**
   * Locks port-for's sysctl file, which several stores can share.
   *
   * @param store The real path of the store.
   * @param waiting How to wait for the lock.
   * @throws {PortForError} if this machine or this user cannot reserve ports.
   */
  static async open(
    store: string,
    waiting: Waiting,
    runtime: Runtime,
  ): Promise<Reservations> {
    if (runtime.os !== "linux") {
      throw new PortForError(
        "FAILED",
        `cannot reserve ports in the kernel: only Linux can do that ` +
          `(leave out --reserve)`,
      );
    }
    // Opening the list for writing changes nothing but shows whether we may.
    try {
      runtime.open(RESERVED_PORTS_FILE, {}).close();
    } catch (error) {
      throw kernelError(error);
    }
    const file = sysctlFile(runtime);
    const folder = folderOf(file, runtime.os);
    try {
      if (!factsIfThere(folder, runtime)) runtime.makeFolder(folder, 0o755);
    } catch (error) {
      throw kernelError(error, `create ${folder}`);
    }
    const facts = factsIfThere(file, runtime);
    const lock = await lockStore(file, facts, waiting, runtime);
    return new Reservations(store, runtime, lock);
  }

  /** Releases the lock. */
  close(): void {
    this.#lock.release();
  }

  /**
   * What these ports need: `kernel` if the kernel must be told; `file` if
   * others told it but it would forget at the next boot; `undefined` if others
   * did both.
   */
  needed(ports: PortSet): Association["reserved"] {
    const { added, unfinished } = readOwnSysctlFile(this.#runtime);
    const others = new PortSet(readKernelReservations(this.#runtime));
    if (unfinished) others.addAll(unfinished);
    for (const ports of added.values()) others.deleteAll(ports);
    if (!others.hasAll(ports)) return "kernel";
    const kept = readForeignSysctlFiles(this.#runtime).hasAll(ports);
    return kept ? undefined : "file";
  }

  /** The association with `reserved` set to what it needs. */
  noted(association: Association): Association {
    if (association.reserved) return association;
    const reserved = this.needed(setOf([portsOf(association)]));
    return reserved ? { ...association, reserved } : association;
  }

  /**
   * Brings the kernel and the file in line with what the store will record.
   *
   * @param before What the store records now.
   * @param after What it will record.
   * @param restore Whether to restore reservations that were lost.
   */
  change(before: ReservedPorts, after: ReservedPorts, restore: boolean): void {
    const { told, reserved, toAdd, toTake, file } = this.#plan(
      before,
      after,
      restore,
    );
    // Additions are written to the file before the kernel is told, removals
    // after. If the kernel's list cannot be replaced in one write, the whole
    // list is written to the file first.
    const inSteps = !reserved.hasAll(told) && !fitsOneWrite(reserved);
    if (!toAdd.isEmpty || inSteps) {
      const mine = new PortSet(file.added.get(this.#store)).addAll(toTake);
      this.#writeFile({
        ports: new PortSet(file.ports).addAll(toTake),
        added: new Map(file.added).set(this.#store, mine),
        ...(inSteps ? { unfinished: reserved } : {}),
      });
    }
    this.#writeKernel(told, reserved);
    this.#writeFile(file);
  }

  /** Plans a change, from the current state of the kernel and the files. */
  #plan(
    before: ReservedPorts,
    after: ReservedPorts,
    restore: boolean,
  ): ReservationPlan {
    const file = readOwnSysctlFile(this.#runtime);
    const told = readKernelReservations(this.#runtime);
    const kernel = new PortSet(told).addAll(file.unfinished ?? new PortSet());
    const foreign = readForeignSysctlFiles(this.#runtime);
    const added = new Map(file.added);
    const own = added.get(this.#store);
    added.delete(this.#store);
    const noted = new PortSet(before.file).addAll(after.file);
    const { theirs, inherited } = this.#othersAdded(added, noted);
    // If the file has no line for the store, trust the store's own record.
    const mine = own || !inherited.isEmpty
      ? new PortSet(own).addAll(inherited)
      : before.kernel;

    const toAdd = restore
      ? new PortSet(after.file).deleteAll(kernel)
      : new PortSet();
    const toTake = new PortSet(mine)
      .deleteAll(after.file).deleteAll(theirs).deleteAll(foreign);
    const stays = new PortSet(mine).retainAll(after.file)
      .addAll(new PortSet(after.kernel).retainAll(theirs));
    if (!after.file.isEmpty) {
      added.set(this.#store, new PortSet(stays).addAll(toAdd));
    }
    const reserved = new PortSet(kernel).deleteAll(toTake).addAll(toAdd);
    const ports = new PortSet(reserved)
      .addAll(foreign).addAll(theirs).addAll(after.file);
    return { told, reserved, toAdd, toTake, file: { ports, added } };
  }

  /** Undoes the changes, the last one first. */
  undo(): void {
    try {
      for (const step of this.#undo.splice(0).reverse()) step();
    } catch {
      // The user needs to see the first error. And what the kernel still has
      // must stay in the file.
    }
  }

  /**
   * The ports that were added for other stores, and those that this store
   * inherits: after a store was moved, its ports are listed under the old path.
   */
  #othersAdded(
    added: Map<string, PortSet>,
    noted: PortSet,
  ): { theirs: PortSet; inherited: PortSet } {
    const theirs = new PortSet();
    const inherited = new PortSet();
    for (const [store, ports] of added) {
      const left = new PortSet(ports);
      if (this.#isElsewhere(store)) {
        inherited.addAll(new PortSet(left).retainAll(noted));
        left.deleteAll(noted);
        if (left.isEmpty) added.delete(store);
        else added.set(store, left);
      }
      theirs.addAll(left);
    }
    return { theirs, inherited };
  }

  #isElsewhere(store: string): boolean {
    if (isGone(store, this.#runtime)) return true;
    try {
      return this.#runtime.realPath(store) !== store;
    } catch {
      return false;
    }
  }

  #writeKernel(before: PortSet, after: PortSet): void {
    if (same(before, after)) return;
    const added = new PortSet(after).deleteAll(before);
    const taken = new PortSet(before).deleteAll(after);
    this.#undo.push(() => this.#tellKernel(taken, added));
    try {
      this.#tellKernel(added, taken);
    } catch (error) {
      throw kernelError(error);
    }
  }

  #tellKernel(toAdd: PortSet, toTake: PortSet): void {
    addKernelReservations(toAdd, this.#runtime);
    const now = readKernelReservations(this.#runtime);
    const wanted = new PortSet(now).addAll(toAdd).deleteAll(toTake);
    if (!same(now, wanted)) writeKernelReservations(wanted, this.#runtime);
  }

  /**
   * Writes the file. If no store has ports in it, it is removed, because it
   * would only repeat the files of others.
   */
  #writeFile(file: OwnSysctlFile): void {
    const before = readStore(sysctlFile(this.#runtime), this.#runtime)?.text;
    const text = file.added.size > 0 ? sysctlFileText(file) : undefined;
    if (text === before) return;
    this.#undo.push(() => this.#replaceFile(before));
    this.#replaceFile(text);
  }

  #replaceFile(text: string | undefined): void {
    const path = sysctlFile(this.#runtime);
    const now = readStore(path, this.#runtime);
    if (text === now?.text) return;
    if (text === undefined) {
      this.#runtime.remove(path);
    } else {
      const { isGood } = this.#lock;
      // Readable whatever the umask: --check reads it as any user.
      const how = { isStillGood: isGood, like: { mode: 0o644 } };
      if (!replaceFile(path, now, text, how, this.#runtime)) {
        throw new PortForError(
          "STORE_BUSY",
          `cannot write ${path}: something else is changing it (try again)`,
        );
      }
    }
    flushFolderOf(path, this.#runtime);
  }
}

function same(a: PortSet, b: PortSet): boolean {
  return a.hasAll(b) && b.hasAll(a);
}

function kernelError(
  error: unknown,
  what = "reserve ports in the kernel",
): PortForError {
  if (error instanceof PortForError) return error;
  const code = errorCode(error) ?? "";
  const why: Record<string, string> = {
    EACCES: "permission denied (run with sudo)",
    EPERM: "operation not permitted (run with sudo)",
    EROFS:
      "/proc/sys is read-only, as in most containers (start the container " +
      "with --sysctl net.ipv4.ip_local_reserved_ports=...)",
    ENOENT: `this kernel has no ${RESERVED_PORTS_FILE}`,
  };
  return new PortForError(
    ["EACCES", "EPERM", "EROFS"].includes(code) ? "NO_PERMISSION" : "FAILED",
    `cannot ${what}: ${why[code] ?? (error as Error).message}`,
    { cause: error },
  );
}
