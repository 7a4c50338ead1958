/**
 * Folders of the bench's own: one on a disk, where flushing takes what it
 * takes, and one in memory, where it takes nothing.
 */
export class BenchFolder implements Disposable {
  /** On a disk, or whatever /var/tmp is on. */
  readonly disk: string;
  /** The disk's file system, such as `ext4`. */
  readonly diskKind: string;
  /** In memory; `undefined` where this machine has no such folder. */
  readonly memory: string | undefined;

  constructor() {
    // Unlike /tmp, this outlives a reboot, so that it is hardly ever memory.
    const onDisk = isFolder("/var/tmp") ? "/var/tmp" : undefined;
    this.disk = newFolder(onDisk);
    this.diskKind = fileSystemOf(this.disk);
    this.memory = fileSystemOf("/dev/shm") === "tmpfs"
      ? newFolder("/dev/shm")
      : undefined;
  }

  [Symbol.dispose](): void {
    for (const folder of [this.disk, this.memory]) {
      if (folder !== undefined && isFolder(folder)) {
        Deno.removeSync(folder, { recursive: true });
      }
    }
  }
}

function newFolder(dir: string | undefined): string {
  return Deno.makeTempDirSync({
    prefix: `port-for-bench-${Deno.pid}-`,
    ...(dir === undefined ? {} : { dir }),
  });
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The kind of the file system that a path is on, as Linux calls it. */
function fileSystemOf(path: string): string {
  if (Deno.build.os !== "linux") return "unknown";
  const mounts = Deno.readTextFileSync("/proc/self/mounts").trim().split("\n")
    .map((line) => line.split(" "))
    .filter(([, at]) => `${path}/`.startsWith(at === "/" ? at : `${at}/`));
  // The innermost mount counts, and of two at one place the later one.
  const innermost = mounts.reduce(
    (best, mount) => mount[1]!.length >= best[1]!.length ? mount : best,
    ["", "", "unknown"],
  );
  return innermost[2]!;
}
