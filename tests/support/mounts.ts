import { TempFolder } from "./temp.ts";

/**
 * Shell commands that hide, in a mount namespace, what a machine has promised to
 * others than a store: that is a person's own business.
 */
export const HIDE_PROMISES = `
  for file in /etc/port-for.toml /etc/services; do
    test ! -e $file || mount --bind /dev/null $file
  done
  for folder in /etc/systemd /run/systemd /usr/lib/systemd; do
    test ! -d $folder || mount -t tmpfs none $folder
  done`;

/**
 * A folder with mounts that nobody else sees: they are in a mount namespace
 * that ends with the test, however that ends.
 *
 *     await using mounts = await Mounts.of("mount -t tmpfs none $folder");
 */
export class Mounts implements AsyncDisposable {
  /** The folder as it is outside, where nothing is mounted. */
  readonly outside: TempFolder = new TempFolder();
  readonly #process: Deno.ChildProcess;

  private constructor(script: string) {
    // It ends with its standard input, so that it never outlives the test.
    this.#process = new Deno.Command("unshare", {
      args: [
        ...["--mount", "--propagation", "private", "sh", "-ec"],
        `folder=$1; ${script}\necho ready; exec cat`,
        ...["sh", this.outside.path],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  }

  /** Makes the mounts of a script, to which the folder is `$folder`. */
  static async of(script: string): Promise<Mounts> {
    const mounts = new Mounts(script);
    const output = mounts.#process.stdout.getReader();
    const { done } = await output.read();
    output.releaseLock();
    if (!done) return mounts;
    await mounts[Symbol.asyncDispose]();
    throw new Error(`cannot mount: ${script}`);
  }

  /** The command that runs another one where the mounts are. */
  get prefix(): string[] {
    return ["nsenter", `--mount=/proc/${this.#process.pid}/ns/mnt`];
  }

  /** A path in the folder, for programs that run where the mounts are. */
  file(name: string): string {
    return this.outside.file(name);
  }

  /** The same file, for this process. */
  seen(name: string): string {
    return this.root(this.file(name));
  }

  /** Any path where the mounts are, for this process. */
  root(path: string): string {
    return `/proc/${this.#process.pid}/root${path}`;
  }

  /** The names of what is in the folder, sorted. */
  names(): string[] {
    return [...Deno.readDirSync(this.seen("."))].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.abort();
    await this.#process.stdout.cancel();
    await this.#process.status;
    this.outside[Symbol.dispose]();
  }
}
