import { PortForError } from "../error.ts";
import {
  readKernelReservations,
  RESERVED_PORTS_FILE,
  writeKernelReservations,
} from "../machine/reserved.ts";
import {
  readForeignSysctlFiles,
  readOwnSysctlFile,
  sysctlFile,
  sysctlFileText,
} from "../machine/sysctl_files.ts";
import { PortSet } from "../ports/port_set.ts";
import { folderOf } from "../runtime/path.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import type { Association } from "./association.ts";
import { factsIfThere, flushFolderOf, replaceFile } from "./replace_file.ts";
import { readStore } from "./store_file.ts";
import { lockStore, type StoreLock } from "./store_lock.ts";

/**
 * What the kernel and port-for's sysctl file are told to keep out of the
 * ephemeral range. Both are changed by what is to be added or taken away and
 * never set as a whole: the rest is somebody else's.
 *
 * Nothing is known here of the store: who calls this writes first there what is
 * to be added, and last there what is to be taken away. So whatever a crash
 * leaves, every reservation that is port-for's is noted in the store.
 */
export class Reservations {
  readonly #runtime: Runtime;
  readonly #lock: StoreLock;
  /** What takes back the changes made so far, the last one last. */
  readonly #undo: (() => void)[] = [];

  private constructor(runtime: Runtime, lock: StoreLock) {
    this.#runtime = runtime;
    this.#lock = lock;
  }

  /**
   * Locks port-for's sysctl file, which several stores may share.
   *
   * @param wait How long to wait for the lock, in seconds.
   * @throws {PortForError} where this machine, or this user, cannot reserve.
   */
  static async open(wait: number, runtime: Runtime): Promise<Reservations> {
    if (runtime.os !== "linux") {
      throw new PortForError(
        "FAILED",
        `cannot reserve ports in the kernel: only Linux can do that ` +
          `(do without --reserve)`,
      );
    }
    // Opening the list for writing changes nothing, and tells whether we may.
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
    const lock = await lockStore(
      file,
      factsIfThere(file, runtime),
      wait,
      runtime,
    );
    return new Reservations(runtime, lock);
  }

  /** Lets others change the reservations. */
  close(): void {
    this.#lock.release();
  }

  /**
   * What there is to add for these ports: `kernel` where the kernel has to be
   * told, `file` where it knows but would forget at the next boot, `undefined`
   * where others have seen to both.
   */
  toAdd(ports: PortSet): Association["reserved"] {
    if (!readKernelReservations(this.#runtime).hasAll(ports)) return "kernel";
    const kept = readForeignSysctlFiles(this.#runtime).hasAll(ports);
    return kept ? undefined : "file";
  }

  /** Takes back what was changed, as far as it can. */
  undo(): void {
    for (const step of this.#undo.splice(0).reverse()) {
      try {
        step();
      } catch {
        // What made it necessary is what the user needs to hear of.
      }
    }
    this.#undo.length = 0;
  }

  /** Adds ports to the kernel's and to the file's. */
  add(ports: PortSet): void {
    if (ports.isEmpty) return;
    this.#changeKernel((reserved) => reserved.addAll(ports));
    this.#changeFile((reserved) => reserved.addAll(ports));
  }

  /** Takes ports out of the kernel's and the file's, but for others' ones. */
  remove(fromKernel: PortSet, fromFile: PortSet): void {
    if (fromKernel.isEmpty && fromFile.isEmpty) return;
    const foreign = readForeignSysctlFiles(this.#runtime);
    this.#changeKernel((reserved) =>
      reserved.deleteAll(new PortSet(fromKernel).deleteAll(foreign))
    );
    this.#changeFile((reserved) => reserved.deleteAll(fromFile));
  }

  #changeKernel(change: (reserved: PortSet) => PortSet): void {
    try {
      const before = readKernelReservations(this.#runtime);
      const after = change(new PortSet(before));
      if (after.hasAll(before) && before.hasAll(after)) return;
      this.#undo.push(() => this.#changeKernel(reverse(before, after)));
      writeKernelReservations(after, this.#runtime);
    } catch (error) {
      throw kernelError(error);
    }
  }

  #changeFile(change: (reserved: PortSet) => PortSet): void {
    const path = sysctlFile(this.#runtime);
    const before = readOwnSysctlFile(this.#runtime);
    const stored = readStore(path, this.#runtime);
    const foreign = readForeignSysctlFiles(this.#runtime);
    const own = change(new PortSet(before));
    const after = new PortSet(own).addAll(foreign);
    const onlyForeign = foreign.hasAll(after);
    if (onlyForeign) {
      // Without ports of port-for's own the file would only repeat others'.
      if (!stored) return;
      this.#undo.push(() => this.#changeFile(reverse(before, own)));
      this.#runtime.remove(path);
      return flushFolderOf(path, this.#runtime);
    }
    if (stored && after.hasAll(before) && before.hasAll(after)) return;
    this.#undo.push(() => this.#changeFile(reverse(before, own)));
    const text = sysctlFileText(after);
    if (!replaceFile(path, stored, text, this.#lock.isGood, this.#runtime)) {
      throw new PortForError(
        "STORE_BUSY",
        `cannot write ${path}: something else is changing it (try again)`,
      );
    }
    flushFolderOf(path, this.#runtime);
  }
}

/** Undoes a change, and leaves alone what others have changed since. */
function reverse(
  before: PortSet,
  after: PortSet,
): (reserved: PortSet) => PortSet {
  const added = new PortSet(after).deleteAll(before);
  const removed = new PortSet(before).deleteAll(after);
  return (reserved) => reserved.deleteAll(added).addAll(removed);
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
